//! Copies that AWS Backup keeps of resources. They lie in vaults, and stay when the resource goes.

use aws_sdk_backup::Client;
use aws_sdk_backup::types::{RecoveryPointByResource, RecoveryPointStatus};
use jiff::Timestamp;

use crate::aws::error::Endpoint;
use crate::model::RestorePoint;
use crate::port::{Page, PortError, PortErrorKind};

const CALL: &str = "ListRecoveryPointsByResource";

/// The vaults of one account and region.
#[derive(Debug)]
pub struct Vaults {
    client: Client,
}

impl Vaults {
    /// Vaults as this client sees them.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// See [`crate::port::CloudFormation::restore_points`]. Backups that a service keeps itself are left out:
    /// some go with the resource.
    pub async fn points(
        &self,
        resource: &str,
        page: Option<&str>,
        endpoint: &Endpoint,
    ) -> Result<Page<RestorePoint>, PortError> {
        let request = self.client.list_recovery_points_by_resource().resource_arn(resource);
        let request = request.managed_by_aws_backup_only(true).set_next_token(page.map(str::to_owned));
        match request.send().await.map_err(|error| endpoint.failure(CALL, resource, error)) {
            Ok(answer) => {
                let items = answer.recovery_points().iter().filter_map(point).collect();
                Ok(Page { items, next: answer.next_token })
            }
            // It never had one.
            Err(error) if error.kind == PortErrorKind::NotFound => Ok(Page { items: Vec::new(), next: None }),
            Err(error) if error.kind == PortErrorKind::Denied => Err(error.with_hint(
                "the question takes `backup:ListRecoveryPointsByResource`; without an answer only consent helps: \
                 `--delete-data UNIT`, without `--restore-points-within`",
            )),
            Err(error) => Err(error),
        }
    }
}

/// One whose age is not told does not count.
fn point(found: &RecoveryPointByResource) -> Option<RestorePoint> {
    let created = found.creation_date()?;
    Some(RestorePoint {
        created: Timestamp::new(created.secs(), created.subsec_nanos().try_into().ok()?).ok()?,
        id: found.recovery_point_arn()?.to_owned(),
        is_complete: found.status() == Some(&RecoveryPointStatus::Completed),
    })
}
