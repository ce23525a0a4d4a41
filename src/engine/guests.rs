//! Who else is in the networks of stacks, asked before the stacks are deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::clouds::{Cloud, Clouds};
use crate::engine::complete::{answered, fault, places};
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{EventSink, ObserveError, Stop};
use crate::model::{Networks, StackResource};
use crate::plan::Observation;

/// The types whose deletion waits for everybody in them; their physical ids are their ids.
const VPC: &str = "AWS::EC2::VPC";
const SECURITY_GROUP: &str = "AWS::EC2::SecurityGroup";

/// Asks who stands in the networks among [`Observation::resources`] or refers to them, and writes it into
/// [`Observation::guests`]: a few paged calls for each target, however many networks there are.
///
/// # Errors
/// See [`ObserveError`].
pub async fn complete_guests(
    clouds: &Clouds,
    observation: &mut Observation,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<(), ObserveError> {
    let asked = networks(clouds, observation);
    if asked.is_empty() {
        return Ok(());
    }
    let session = Session::new(clouds, sink, stop, Patience::Short);
    let found = session.run(async {
        let mut strands = Strands::new(session.activity());
        for (target, (cloud, networks)) in &asked {
            let lane = session.lane(cloud);
            strands.push(async move { (target, lane.call(|port| port.guests(networks)).await) });
        }
        strands.all().await
    });
    let found = found.await;
    for (target, guests) in found.map_err(|source| fault("primary", source))? {
        observation.guests.extend(answered(target, guests)?);
    }
    Ok(())
}

/// The networks of each target.
fn networks(clouds: &Clouds, observation: &Observation) -> BTreeMap<String, (Arc<Cloud>, Networks)> {
    let ids: Vec<String> = observation.resources.keys().cloned().collect();
    let mut asked: BTreeMap<String, (Arc<Cloud>, Networks)> = BTreeMap::new();
    for (stack, (target, cloud)) in places(clouds, observation, &ids) {
        let found = networks_of(observation.resources[&stack].iter().filter(|resource| !resource.is_gone()));
        if found.is_empty() {
            continue;
        }
        let (_, networks) =
            asked.entry(target.clone()).or_insert_with(|| (Arc::clone(&cloud), Networks::default()));
        networks.vpcs.extend(found.vpcs);
        networks.groups.extend(found.groups);
    }
    asked
}

/// The networks among these resources.
pub(super) fn networks_of<'r>(resources: impl Iterator<Item = &'r StackResource>) -> Networks {
    let mut networks = Networks::default();
    for resource in resources {
        let Some(id) = &resource.physical_id else { continue };
        match resource.resource_type.as_str() {
            VPC => networks.vpcs.insert(id.clone()),
            SECURITY_GROUP => networks.groups.insert(id.clone()),
            _ => continue,
        };
    }
    networks
}
