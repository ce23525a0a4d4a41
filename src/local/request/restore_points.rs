//! Copies of what resources hold: made by hand (`rekindle local back-up`), kept when the resource goes.

use serde_json::json;

use crate::catalogue::backed_up_arn;
use crate::local::derive;
use crate::local::inventory::{Origin, Orphan};
use crate::local::place::Place;
use crate::local::resource::Resource;
use crate::local::template::Policy;
use crate::local::world::World;
use crate::model::RestorePoint;
use crate::port::{PortError, PortErrorKind};

/// The type under which they are kept. CloudFormation makes none.
const RECOVERY_POINT: &str = "AWS::Backup::RecoveryPoint";

/// The copies of the resource with this ARN, oldest first.
pub fn restore_points(world: &World, place: &Place, arn: &str) -> Vec<RestorePoint> {
    let points = world.inventory.orphans(place).filter(|orphan| {
        orphan.resource.resource_type == RECOVERY_POINT && orphan.resource.properties["ResourceArn"] == arn
    });
    let mut points: Vec<RestorePoint> = points
        .map(|orphan| RestorePoint {
            created: orphan.since,
            id: orphan.resource.physical_id.clone(),
            is_complete: orphan.resource.properties["Status"] == "COMPLETED",
        })
        .collect();
    points.sort();
    points
}

/// Makes a copy of what a resource of a stack holds; gives its ARN.
///
/// # Errors
/// `NotFound`, and `Invalid` for a type that AWS Backup does not copy.
pub fn back_up(
    world: &mut World,
    place: &Place,
    (stack, logical_id): (&str, &str),
    is_complete: bool,
) -> Result<String, PortError> {
    let call = super::operation("back up", stack);
    let found = super::require(world, place, stack, &call)?;
    let resource = found.resources.get(logical_id).filter(|resource| !resource.is_lost());
    let resource = resource.ok_or_else(|| {
        let message = format!("the stack has no resource `{logical_id}`, or it was deleted by hand already");
        super::refuse(PortErrorKind::NotFound, &call, message)
    })?;
    let kind = &resource.resource_type;
    let arn = backed_up_arn(kind, &resource.physical_id, &found.id).ok_or_else(|| {
        super::refuse(PortErrorKind::Invalid, &call, format!("AWS Backup makes no copies of {kind}"))
            .with_hint("it does of databases, tables, buckets, volumes and file systems")
    })?;
    let (stack, since) = (found.id.clone(), world.clock);
    let environment = Orphan::environment_of(&found.body.tags);
    let number = world.inventory.orphans(place).count();
    let name = derive::hex(&format!("{arn}/{since}/{number}"), 32);
    let Place { account, region } = place;
    let id = format!("arn:{}:backup:{region}:{account}:recovery-point:{name}", place.partition());
    let status = if is_complete { "COMPLETED" } else { "PARTIAL" };
    let resource = point(&id, json!({"ResourceArn": arn, "Status": status}));
    let (origin, logical_id) = (Origin::RestorePoint, logical_id.to_owned());
    world.inventory.take_in(Orphan {
        place: place.clone(),
        resource,
        origin,
        stack,
        environment,
        logical_id,
        since,
    });
    Ok(id)
}

fn point(id: &str, properties: serde_json::Value) -> Resource {
    Resource {
        resource_type: RECOVERY_POINT.to_owned(),
        physical_id: id.to_owned(),
        properties,
        metadata: serde_json::Value::Null,
        tags: Default::default(),
        version: 1,
        depends_on: Default::default(),
        imports: Default::default(),
        deletion_policy: Policy::Delete,
        update_replace_policy: Policy::Delete,
        tampered: None,
        holds: 0,
        left_over: Default::default(),
        behaviour: Default::default(),
        content: None,
        answered: None,
    }
}
