//! Which resources were changed outside CloudFormation, asked for a plan that names them or sets them back.

use crate::engine::clouds::Clouds;
use crate::engine::complete::{answered, fault, places};
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::verify::detect;
use crate::engine::{EventSink, ObserveError, Stop};
use crate::model::StackStatus;
use crate::plan::Observation;
use crate::port::{PortError, PortErrorKind};

/// Has the stacks with these ids (ARNs) compared with their templates, and writes what drifted into
/// [`Observation::drifts`]. Stacks that cannot be updated are left out: a plan has other things to say of
/// them. Nested stacks are not looked into: a change set of their parent sets nothing back in them.
///
/// # Errors
/// See [`ObserveError`]. That CloudFormation could not tell is one, too.
pub async fn complete_drifts(
    clouds: &Clouds,
    observation: &mut Observation,
    ids: &[String],
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<(), ObserveError> {
    let can_be_asked = |id: &String| {
        let stack = observation.stacks.values().flatten().find(|stack| stack.id == *id);
        stack.is_some_and(|stack| is_comparable(&stack.status))
    };
    let ids: Vec<String> = ids.iter().filter(|id| can_be_asked(id)).cloned().collect();
    let places = places(clouds, observation, &ids);
    if places.is_empty() {
        return Ok(());
    }
    let session = Session::new(clouds, sink, stop, Patience::Short);
    let found = session.run(async {
        let mut strands = Strands::new(session.activity());
        for (id, (target, cloud)) in &places {
            let lane = session.lane(cloud);
            strands.push(async move { (id, target, detect(lane, id).await) });
        }
        strands.all().await
    });
    let found = found.await.map_err(|source| fault("primary", source))?;
    for (id, target, detected) in found {
        let drifts = answered(target, detected)?.map_err(|reason| {
            let operation = format!("DetectStackDrift `{id}`");
            fault(target, PortError::new(PortErrorKind::Other, operation, reason))
        })?;
        observation.drifts.insert(id.clone(), drifts.drifted);
    }
    Ok(())
}

fn is_comparable(status: &StackStatus) -> bool {
    let is_back = [StackStatus::UpdateRollbackComplete, StackStatus::ImportRollbackComplete].contains(status);
    status.is_healthy() || is_back
}
