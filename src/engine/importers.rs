//! Who imports what stacks export, asked before the stacks are deleted.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::clouds::Clouds;
use crate::engine::complete::{answered, fault, places};
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{EventSink, ObserveError, Stop};
use crate::plan::Observation;

/// Asks who imports these exports (by the id of the stack that has them) and writes it into
/// [`Observation::importers`]: one call for each export.
///
/// # Errors
/// See [`ObserveError`].
pub async fn complete_importers(
    clouds: &Clouds,
    observation: &mut Observation,
    exported: &BTreeMap<String, BTreeSet<String>>,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<(), ObserveError> {
    let ids: Vec<String> = exported.keys().cloned().collect();
    let places = places(clouds, observation, &ids);
    if places.is_empty() {
        return Ok(());
    }
    let session = Session::new(clouds, sink, stop, Patience::Short);
    let asked = session.run(async {
        let mut strands = Strands::new(session.activity());
        for (id, (target, cloud)) in &places {
            let lane = session.lane(cloud);
            for export in &exported[id] {
                strands.push(
                    async move { (target, id, export, lane.call(|port| port.importers(export)).await) },
                );
            }
        }
        strands.all().await
    });
    let asked = asked.await;
    for (target, id, export, importers) in asked.map_err(|source| fault("primary", source))? {
        let importers = answered(target, importers)?;
        if !importers.is_empty() {
            observation.importers.entry(id.clone()).or_default().insert(export.clone(), importers);
        }
    }
    Ok(())
}
