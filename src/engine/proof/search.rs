//! The search by tags: what still carries those of an instance whose stack is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::clouds::{Cloud, Clouds};
use crate::engine::lane::{CallError, Lane};
use crate::engine::proof::{Left, Proof, Tagged};
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{EventSink, Stop};
use crate::model::TaggedResource;
use crate::model::facts::{Identity, environment_tags};
use crate::plan::{Plan, PlannedAction};

impl Proof {
    /// Searches for what carries the tags of instances that are gone. Whoever may not search is told
    /// so: the events said already what there is to know.
    pub(super) async fn search(
        &mut self,
        clouds: &Clouds,
        plan: &Plan,
        gone: &[(&PlannedAction, Arc<Cloud>)],
        sink: &dyn EventSink,
        stop: &Stop,
    ) {
        let session = Session::new(clouds, sink, stop, Patience::Short);
        let wanted = environment_tags(&plan.project, &plan.environment);
        let found = session.run(async {
            let mut strands = Strands::new(session.activity());
            for lane in session.lanes() {
                let is_used = gone.iter().any(|(_, cloud)| Arc::ptr_eq(cloud, &lane.cloud));
                if is_used {
                    strands.push(tagged(lane, &wanted));
                }
            }
            strands.all().await
        });
        for found in found.await.unwrap_or_default() {
            match found {
                Ok(found) => self.take(found, gone),
                Err(CallError::Stopped) => self.unsearched = Some("stopped before it was asked".to_owned()),
                Err(CallError::Failed { error, .. }) => self.unsearched = Some(error.to_string()),
            }
        }
        self.tagged.sort();
    }

    fn take(&mut self, found: Vec<TaggedResource>, gone: &[(&PlannedAction, Arc<Cloud>)]) {
        for TaggedResource { arn, tags } in found {
            let Some(instance) = Identity::from_tags(&tags).map(|identity| identity.instance) else {
                continue;
            };
            let is_gone = gone.iter().any(|(action, _)| action.instance == instance);
            let is_listed = |left: &Left| left.physical_id.as_deref().is_some_and(|id| arn.ends_with(id));
            if is_gone && !self.left.iter().any(is_listed) {
                self.tagged.push(Tagged { instance, arn });
            }
        }
    }
}

/// Everything that carries these tags.
async fn tagged(lane: &Lane<'_>, tags: &BTreeMap<String, String>) -> Result<Vec<TaggedResource>, CallError> {
    let (mut found, mut next) = (Vec::new(), None::<String>);
    loop {
        let from = next.clone();
        let page = lane.call(|port| port.tagged(tags, from.as_deref())).await?;
        found.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(found);
        }
    }
}
