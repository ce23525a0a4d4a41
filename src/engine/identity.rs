//! Are the account and the region that answer those of the environment's targets?

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::clouds::{Cloud, Clouds};
use crate::engine::lane::{CallError, advice};
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{EventSink, Stop};
use crate::model::{AccountId, Environment, Region, Target, TargetName};
use crate::port::{Identity, PortError};

/// Why nothing may be done with these credentials. Every kind but `Call` and `Stopped` is a refusal.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The credentials are another account's.
    #[error(
        "target `{target}` is account {expected}, but the credentials in use belong to account {actual} (`{caller}`)"
    )]
    WrongAccount {
        /// The target.
        target: String,
        /// The account of the manifest.
        expected: AccountId,
        /// The account that answered.
        actual: AccountId,
        /// ARN of the caller.
        caller: String,
    },
    /// The calls go to another region.
    #[error("target `{target}` is in {expected}, but calls go to {actual}")]
    WrongRegion {
        /// The target.
        target: String,
        /// The region of the manifest.
        expected: Region,
        /// The region that answered.
        actual: Region,
    },
    /// Nobody answered.
    #[error("the account behind target `{target}` could not be found out")]
    Call {
        /// The target.
        target: String,
        /// What the cloud said.
        #[source]
        source: PortError,
    },
    /// The run was stopped.
    #[error("stopped before anything was done")]
    Stopped,
}

impl IdentityError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::WrongAccount { expected, .. } => {
                format!("use credentials of account {expected}, or correct `account` in `rekindle.yaml`")
            }
            Self::WrongRegion { .. } => {
                "correct `region` in `rekindle.yaml`, or the endpoint that calls go to".to_owned()
            }
            Self::Call { source, .. } => advice(source),
            Self::Stopped => "run the same command again".to_owned(),
        }
    }
}

/// Checks that each target's cloud, and each used environment's, is the account and region that the
/// manifest says. One call per distinct cloud.
///
/// # Errors
/// The first [`IdentityError`] by the order of targets.
pub async fn check_identity(
    clouds: &Clouds,
    environment: &Environment,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<(), IdentityError> {
    let session = Session::new(clouds, sink, stop, Patience::Short);
    let work = async {
        let mut strands = Strands::new(session.activity());
        for (number, lane) in session.lanes().iter().enumerate() {
            strands.push(async move { (number, lane.call(|port| port.identity()).await) });
        }
        strands.all().await
    };
    let answers = session.run(work).await;
    let answers = answers.map_err(|source| IdentityError::Call { target: "primary".to_owned(), source })?;
    let mut by_lane: BTreeMap<usize, Result<Identity, CallError>> = answers.into_iter().collect();
    for (name, target, cloud) in expected(clouds, environment) {
        let lane = session.lanes().iter().position(|lane| Arc::ptr_eq(&lane.cloud, &cloud));
        let Some(number) = lane else { continue };
        match by_lane.remove(&number) {
            Some(Ok(identity)) => {
                compare(&name, target, &identity)?;
                by_lane.insert(number, Ok(identity));
            }
            Some(Err(CallError::Failed { error, .. })) => {
                return Err(IdentityError::Call { target: name, source: error });
            }
            Some(Err(CallError::Stopped)) => return Err(IdentityError::Stopped),
            None => {}
        }
    }
    Ok(())
}

/// Every target that has a cloud, with its name as people know it.
fn expected<'e>(clouds: &Clouds, environment: &'e Environment) -> Vec<(String, &'e Target, Arc<Cloud>)> {
    fn join<'e>(
        prefix: &str,
        targets: &'e BTreeMap<TargetName, Target>,
        clouds: &BTreeMap<TargetName, Arc<Cloud>>,
    ) -> Vec<(String, &'e Target, Arc<Cloud>)> {
        targets
            .iter()
            .filter_map(|(name, target)| {
                Some((format!("{prefix}{name}"), target, Arc::clone(clouds.get(name)?)))
            })
            .collect()
    }
    let mut expected = join("", &environment.targets, &clouds.targets);
    for (name, used) in &environment.uses {
        if let Some(clouds) = clouds.used.get(name) {
            expected.extend(join(&format!("{name}/"), &used.targets, clouds));
        }
    }
    expected
}

fn compare(name: &str, target: &Target, identity: &Identity) -> Result<(), IdentityError> {
    if identity.account != target.account {
        return Err(IdentityError::WrongAccount {
            target: name.to_owned(),
            expected: target.account.clone(),
            actual: identity.account.clone(),
            caller: identity.caller.clone(),
        });
    }
    if identity.region != target.region {
        return Err(IdentityError::WrongRegion {
            target: name.to_owned(),
            expected: target.region.clone(),
            actual: identity.region.clone(),
        });
    }
    Ok(())
}
