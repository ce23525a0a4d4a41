//! Deployed templates, fetched only where the plan has use for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::engine::clouds::{Cloud, Clouds};
use crate::engine::lane::CallError;
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{EventSink, ObserveError, Stop};
use crate::model::unit::strip_additions;
use crate::plan::Observation;
use crate::port::{PortError, PortErrorKind};

/// Fetches the deployed templates of the stacks with these ids (ARNs) into
/// [`Observation::templates`], without rekindle's additions, and the facts of their metadata into
/// [`Observation::template_facts`]. A template that is not JSON was not sent by rekindle and is left
/// out.
///
/// # Errors
/// See [`ObserveError`]. A stack that went away meanwhile is none.
pub async fn complete_templates(
    clouds: &Clouds,
    observation: &mut Observation,
    ids: &[String],
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<(), ObserveError> {
    let places = places(clouds, observation, ids);
    if places.is_empty() {
        return Ok(());
    }
    let session = Session::new(clouds, sink, stop, Patience::Short);
    let fetched = session.run(fetch(&session, &places)).await;
    let fetched = fetched.map_err(|source| fault("primary", source))?;
    for ((id, (target, _)), text) in places.iter().zip(fetched) {
        match text {
            Err(CallError::Failed { error, .. }) if error.kind == PortErrorKind::NotFound => {}
            text => add(observation, id, &answered(target, text)?),
        }
    }
    Ok(())
}

/// A question that target's cloud did not answer.
pub(super) fn fault(target: &str, source: PortError) -> ObserveError {
    ObserveError::Call { target: target.to_owned(), source }
}

/// What that target's cloud answered.
pub(super) fn answered<T>(target: &str, answer: Result<T, CallError>) -> Result<T, ObserveError> {
    answer.map_err(|error| match error {
        CallError::Failed { error, .. } => fault(target, error),
        CallError::Stopped => ObserveError::Stopped,
    })
}

/// Where each of these stacks is.
pub(super) fn places(
    clouds: &Clouds,
    observation: &Observation,
    ids: &[String],
) -> BTreeMap<String, (String, Arc<Cloud>)> {
    let mut places = BTreeMap::new();
    for (target, stacks) in &observation.stacks {
        let Some(cloud) = clouds.targets.get(target) else { continue };
        for stack in stacks.iter().filter(|stack| ids.contains(&stack.id)) {
            places.insert(stack.id.clone(), (target.to_string(), Arc::clone(cloud)));
        }
    }
    places
}

/// The template texts, in the order of `places`.
async fn fetch(
    session: &Session<'_>,
    places: &BTreeMap<String, (String, Arc<Cloud>)>,
) -> Vec<Result<String, CallError>> {
    let mut strands = Strands::new(session.activity());
    for (id, (_, cloud)) in places {
        let lane = session.lane(cloud);
        strands.push(async move { (id, lane.call(move |port| port.template(id)).await) });
    }
    let fetched: BTreeMap<_, _> = strands.all().await.into_iter().collect();
    fetched.into_values().collect()
}

fn add(observation: &mut Observation, id: &str, text: &str) {
    let Ok(mut template) = serde_json::from_str::<Value>(text) else { return };
    if let Some(facts) = strip_additions(&mut template) {
        observation.template_facts.insert(id.to_owned(), facts);
    }
    observation.templates.insert(id.to_owned(), template);
}
