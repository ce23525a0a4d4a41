//! Copies of what resources hold, looked for before the resources are deleted.

use std::collections::BTreeMap;

use crate::engine::clouds::Clouds;
use crate::engine::complete::{answered, fault, places};
use crate::engine::lane::{CallError, Lane};
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{Event, EventSink, ObserveError, Stop};
use crate::model::RestorePoint;
use crate::plan::Observation;

/// Asks for the copies of these resources (by the id of their stack and their logical id, their ARNs), and
/// writes them into [`Observation::restore_points`].
///
/// # Errors
/// See [`ObserveError`]: a question that is not answered is no yes.
pub async fn complete_restore_points(
    clouds: &Clouds,
    observation: &mut Observation,
    asked: &BTreeMap<String, BTreeMap<String, String>>,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<(), ObserveError> {
    let ids: Vec<String> = asked.keys().cloned().collect();
    let places = places(clouds, observation, &ids);
    let session = Session::new(clouds, sink, stop, Patience::Short);
    let number: usize = asked.values().map(BTreeMap::len).sum();
    if number == 0 {
        return Ok(());
    }
    let message = format!("looking for restore points: {number} to ask for");
    sink.send(Event::Notice { time: clouds.now(), instance: None, message });
    let found = session.run(async {
        let mut strands = Strands::new(session.activity());
        for (stack, (target, cloud)) in &places {
            let lane = session.lane(cloud);
            for (logical_id, arn) in &asked[stack] {
                strands.push(async move { (target, (stack, logical_id), points(lane, arn).await) });
            }
        }
        strands.all().await
    });
    let found = found.await;
    for (target, (stack, logical_id), points) in found.map_err(|source| fault("primary", source))? {
        let key = (stack.clone(), logical_id.clone());
        observation.restore_points.insert(key, answered(target, points)?);
    }
    Ok(())
}

async fn points(lane: &Lane<'_>, arn: &str) -> Result<Vec<RestorePoint>, CallError> {
    let (mut points, mut next): (Vec<RestorePoint>, Option<String>) = (Vec::new(), None);
    loop {
        let from = next.clone();
        let page = lane.call(|port| port.restore_points(arn, from.as_deref())).await?;
        points.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(points);
        }
    }
}
