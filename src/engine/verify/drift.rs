//! Asks CloudFormation whether a stack's resources are still as their template says, those of nested
//! stacks included: it looks into one stack at a time.

use std::time::Duration;

use serde_json::Value;

use crate::engine::lane::{CallError, Lane};
use crate::engine::resources::{NESTED, listed};
use crate::engine::verify::{Difference, Unchecked};
use crate::model::{ObservedStack, SealedUnit};
use crate::plan::MASKED;
use crate::port::{DriftDetection, PortErrorKind, ResourceDrift, ResourceDrifts};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What was found of one instance.
#[derive(Default)]
pub(super) struct Drift {
    pub(super) differences: Vec<Difference>,
    pub(super) unchecked: Vec<Unchecked>,
}

/// Detects drift and names the resources, and those that nobody compared.
pub(super) async fn drift(
    lane: &Lane<'_>,
    desired: &SealedUnit,
    stack: &ObservedStack,
) -> Result<Drift, CallError> {
    let (mut drift, mut open) = (Drift::default(), vec![(String::new(), stack.id.clone())]);
    while let Some((prefix, id)) = open.pop() {
        let found = match detect(lane, &id).await? {
            Ok(found) => found,
            Err(reason) => {
                drift.differences.push(Difference::DriftUnknown { reason });
                continue;
            }
        };
        for resource in listed(lane, &id).await?.into_iter().filter(|resource| !resource.is_gone()) {
            let is_compared = found.in_sync.contains(&resource.logical_id)
                || found.drifted.iter().any(|drift| drift.logical_id == resource.logical_id);
            let logical_id = format!("{prefix}{}", resource.logical_id);
            match resource.physical_id {
                Some(nested) if resource.resource_type == NESTED => {
                    open.push((format!("{logical_id}/"), nested));
                }
                _ if is_compared => {}
                _ => drift.unchecked.push(Unchecked { logical_id, resource_type: resource.resource_type }),
            }
        }
        let is_own = prefix.is_empty();
        drift.differences.extend(found.drifted.into_iter().map(|mut resource| {
            // A nested template is not ours to look into: none of its values is known to be no secret.
            hide_secrets(&mut resource, desired, is_own);
            resource.logical_id.insert_str(0, &prefix);
            Difference::Drift { resource }
        }));
    }
    Ok(drift)
}

/// Runs one detection to its end; `Err` holds why CloudFormation could not tell.
pub(in crate::engine) async fn detect(
    lane: &Lane<'_>,
    stack: &str,
) -> Result<Result<ResourceDrifts, String>, CallError> {
    let detection = match lane.call(|port| port.detect_drift(stack)).await {
        // It does not stand, which is a difference of its own.
        Err(CallError::Failed { error, .. }) if error.kind == PortErrorKind::WrongState => {
            return Ok(Err(error.message));
        }
        detection => detection?,
    };
    let mut pause = FIRST_PAUSE;
    loop {
        match lane.call(|port| port.drift_detection(&detection)).await? {
            DriftDetection::Done { .. } => break,
            DriftDetection::Failed(reason) => return Ok(Err(reason)),
            DriftDetection::Pending => lane.sleep(pause).await?,
        }
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
    Ok(Ok(lane.call(|port| port.resource_drifts(stack)).await?))
}

/// A value that the template takes from a secret is shown to nobody, nor is what it became.
fn hide_secrets(resource: &mut ResourceDrift, desired: &SealedUnit, is_own: bool) {
    let template = desired.template.tree();
    let properties = &template["Resources"][&resource.logical_id]["Properties"];
    for property in &mut resource.properties {
        let top = property.path.split('/').nth(1).unwrap_or_default();
        if !is_own || is_secret(&properties[top], desired) {
            for value in [&mut property.expected, &mut property.actual].into_iter().flatten() {
                MASKED.clone_into(value);
            }
        }
    }
}

fn is_secret(value: &Value, desired: &SealedUnit) -> bool {
    match value {
        Value::String(text) => {
            text.contains("{{resolve:")
                || desired
                    .secret_parameters
                    .iter()
                    .any(|name| text == name || text.contains(&format!("${{{name}}}")))
        }
        Value::Array(items) => items.iter().any(|item| is_secret(item, desired)),
        Value::Object(fields) => fields.values().any(|field| is_secret(field, desired)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
