//! What stacks consist of, listed before they are deleted.

use std::collections::BTreeMap;

use crate::engine::clouds::Clouds;
use crate::engine::complete::{answered, fault, places};
use crate::engine::lane::{CallError, Lane};
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{EventSink, ObserveError, Stop};
use crate::model::StackResource;
use crate::plan::Observation;
use crate::port::PortErrorKind;

/// The type of a nested stack: its physical id is the ARN of a stack of its own.
pub(super) const NESTED: &str = "AWS::CloudFormation::Stack";

/// Lists the resources of the stacks with these ids (ARNs), and of those nested in them, into
/// [`Observation::resources`].
///
/// # Errors
/// See [`ObserveError`]. A stack that went away meanwhile is none.
pub async fn complete_resources(
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
    let listed = session.run(async {
        let mut strands = Strands::new(session.activity());
        for (id, (target, cloud)) in &places {
            let lane = session.lane(cloud);
            strands.push(async move { (target, list(lane, id).await) });
        }
        strands.all().await
    });
    let listed = listed.await;
    for (target, found) in listed.map_err(|source| fault("primary", source))? {
        observation.resources.extend(answered(target, found)?);
    }
    Ok(())
}

/// The resources of a stack and of those nested in it, by ARN.
async fn list(lane: &Lane<'_>, id: &str) -> Result<BTreeMap<String, Vec<StackResource>>, CallError> {
    let (mut listed, mut open) = (BTreeMap::new(), vec![id.to_owned()]);
    while let Some(id) = open.pop() {
        let Some(resources) = list_one(lane, &id).await? else { continue };
        let nested = resources.iter().filter(|one| one.resource_type == NESTED && !one.is_gone());
        open.extend(nested.filter_map(|one| one.physical_id.clone()).filter(|id| !listed.contains_key(id)));
        listed.insert(id, resources);
    }
    Ok(listed)
}

/// The resources of one stack.
pub(super) async fn listed(lane: &Lane<'_>, id: &str) -> Result<Vec<StackResource>, CallError> {
    Ok(list_one(lane, id).await?.unwrap_or_default())
}

/// `None` when there is no such stack any more.
async fn list_one(lane: &Lane<'_>, id: &str) -> Result<Option<Vec<StackResource>>, CallError> {
    let (mut resources, mut next) = (Vec::new(), None::<String>);
    loop {
        let from = next.clone();
        let page = match lane.call(|port| port.resources(id, from.as_deref())).await {
            Err(CallError::Failed { error, .. }) if error.kind == PortErrorKind::NotFound => return Ok(None),
            page => page?,
        };
        resources.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(Some(resources));
        }
    }
}
