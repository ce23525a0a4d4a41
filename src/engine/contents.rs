//! What is in buckets and repositories, looked at before their stacks are deleted.

use std::collections::BTreeMap;

use crate::engine::clouds::Clouds;
use crate::engine::complete::{answered, fault, places};
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{EventSink, ObserveError, Stop};
use crate::model::{Storage, StorageKind};
use crate::plan::Observation;

/// Looks into the buckets and repositories among [`Observation::resources`] and writes what is in them
/// into [`Observation::contents`]. Those of nested stacks are looked into, too.
///
/// # Errors
/// See [`ObserveError`]. One that went away meanwhile is none.
pub async fn complete_contents(
    clouds: &Clouds,
    observation: &mut Observation,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<(), ObserveError> {
    let ids: Vec<String> = observation.resources.keys().cloned().collect();
    let places = places(clouds, observation, &ids);
    let storages: BTreeMap<Storage, &String> = places
        .keys()
        .flat_map(|id| observation.resources[id].iter().map(move |resource| (resource, id)))
        .filter(|(resource, _)| !resource.is_gone())
        .filter_map(|(resource, id)| {
            let kind = StorageKind::of_type(&resource.resource_type)?;
            Some((Storage { kind, name: resource.physical_id.clone()? }, id))
        })
        .collect();
    if storages.is_empty() {
        return Ok(());
    }
    let session = Session::new(clouds, sink, stop, Patience::Short);
    let looked = session.run(async {
        let mut strands = Strands::new(session.activity());
        for (storage, id) in &storages {
            let (target, cloud) = &places[*id];
            let lane = session.lane(cloud);
            strands.push(async move { (target, storage, lane.call(|port| port.contents(storage)).await) });
        }
        strands.all().await
    });
    let looked = looked.await;
    let mut found = BTreeMap::new();
    for (target, storage, held) in looked.map_err(|source| fault("primary", source))? {
        found.extend(answered(target, held)?.map(|held| (storage.clone(), held)));
    }
    observation.contents = found;
    Ok(())
}
