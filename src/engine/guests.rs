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
        for resource in observation.resources[&stack].iter().filter(|resource| !resource.is_gone()) {
            let Some(id) = network(resource) else { continue };
            let (_, networks) =
                asked.entry(target.clone()).or_insert_with(|| (Arc::clone(&cloud), Networks::default()));
            let kind = if resource.resource_type == VPC { &mut networks.vpcs } else { &mut networks.groups };
            kind.insert(id.to_owned());
        }
    }
    asked
}

fn network(resource: &StackResource) -> Option<&str> {
    let is_network = [VPC, SECURITY_GROUP].contains(&resource.resource_type.as_str());
    resource.physical_id.as_deref().filter(|_| is_network)
}
