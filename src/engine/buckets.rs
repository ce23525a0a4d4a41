//! What buckets hold, looked at before their stacks are deleted.

use std::collections::BTreeMap;

use crate::engine::clouds::Clouds;
use crate::engine::complete::{answered, fault, places};
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{EventSink, ObserveError, Stop};
use crate::plan::Observation;

/// The type of a bucket; its physical id is its name.
const BUCKET: &str = "AWS::S3::Bucket";

/// Looks into the buckets among [`Observation::resources`] and writes what they hold into
/// [`Observation::buckets`]. Buckets of nested stacks are looked into, too.
///
/// # Errors
/// See [`ObserveError`]. A bucket that went away meanwhile is none.
pub async fn complete_buckets(
    clouds: &Clouds,
    observation: &mut Observation,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<(), ObserveError> {
    let ids: Vec<String> = observation.resources.keys().cloned().collect();
    let places = places(clouds, observation, &ids);
    let buckets: BTreeMap<String, &String> = places
        .keys()
        .flat_map(|id| observation.resources[id].iter().map(move |resource| (resource, id)))
        .filter(|(resource, _)| resource.resource_type == BUCKET && !resource.is_gone())
        .filter_map(|(resource, id)| Some((resource.physical_id.clone()?, id)))
        .collect();
    if buckets.is_empty() {
        return Ok(());
    }
    let session = Session::new(clouds, sink, stop, Patience::Short);
    let looked = session.run(async {
        let mut strands = Strands::new(session.activity());
        for (bucket, id) in &buckets {
            let (target, cloud) = &places[*id];
            let lane = session.lane(cloud);
            strands.push(async move { (target, bucket, lane.call(|port| port.bucket(bucket)).await) });
        }
        strands.all().await
    });
    let looked = looked.await;
    let mut found = BTreeMap::new();
    for (target, bucket, held) in looked.map_err(|source| fault("primary", source))? {
        found.extend(answered(target, held)?.map(|held| (bucket.clone(), held)));
    }
    observation.buckets = found;
    Ok(())
}
