//! Asks CloudFormation whether a stack's resources are still as their template says.

use std::time::Duration;

use crate::engine::lane::{CallError, Lane};
use crate::engine::verify::Difference;
use crate::model::ObservedStack;
use crate::port::DriftDetection;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Detects drift and names the resources.
pub(super) async fn drift(lane: &Lane<'_>, stack: &ObservedStack) -> Result<Vec<Difference>, CallError> {
    let detection = lane.call(|port| port.detect_drift(&stack.id)).await?;
    let mut pause = FIRST_PAUSE;
    loop {
        match lane.call(|port| port.drift_detection(&detection)).await? {
            DriftDetection::Done { drifted: 0 } => return Ok(Vec::new()),
            DriftDetection::Done { .. } => break,
            DriftDetection::Failed(reason) => return Ok(vec![Difference::DriftUnknown { reason }]),
            DriftDetection::Pending => lane.sleep(pause).await?,
        }
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
    let resources = lane.call(|port| port.drifted_resources(&stack.id)).await?;
    Ok(resources.into_iter().map(|resource| Difference::Drift { resource }).collect())
}
