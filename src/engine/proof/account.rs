//! What became of a stack's resources, by the events of its deletion.

use std::collections::BTreeMap;

use crate::engine::Pace;
use crate::engine::lane::{CallError, Lane};
use crate::engine::leftover::remedy;
use crate::engine::proof::{Left, Note, Why};
use crate::engine::resources::NESTED;
use crate::model::{StackEvent, StackResource};
use crate::plan::{self, Observation, PlannedAction};

/// What became of the resources of one instance's stacks.
pub(super) struct Account {
    pub(super) stacks: usize,
    pub(super) accounted: usize,
    pub(super) left: Vec<Left>,
    pub(super) notes: Vec<Note>,
}

pub(super) async fn account(
    lane: &Lane<'_>,
    action: &PlannedAction,
    before: &Observation,
) -> Result<Account, CallError> {
    let mut account = Account { stacks: 0, accounted: 0, left: Vec::new(), notes: Vec::new() };
    let mut open: Vec<&str> = action.observed.iter().map(|stack| stack.id.as_str()).collect();
    while let Some(id) = open.pop() {
        let listed = before.resources.get(id).map(Vec::as_slice).unwrap_or_default();
        let ends = if listed.is_empty() { BTreeMap::new() } else { ends(lane, id).await? };
        account.stacks += 1;
        for resource in listed.iter().filter(|resource| !resource.is_gone()) {
            match ends.get(&key(&resource.logical_id, resource.physical_id.as_deref())).map(String::as_str) {
                Some("DELETE_COMPLETE") => {
                    account.accounted += 1;
                    account.notes.extend(note(lane, action, id, resource));
                }
                Some("DELETE_SKIPPED") => {
                    account.accounted += 1;
                    account.left.push(left(lane, action, (id, resource), Why::Retained));
                    continue;
                }
                // An earlier update let it go; it is still there.
                None if resource.is_skipped() => {
                    account.accounted += 1;
                    account.left.push(left(lane, action, (id, resource), Why::Retained));
                    continue;
                }
                _ => account.left.push(left(lane, action, (id, resource), Why::Unaccounted)),
            }
            if resource.resource_type == NESTED {
                open.extend(resource.physical_id.as_deref());
            }
        }
    }
    Ok(account)
}

/// The embedded engine forgets what is gone.
fn note(lane: &Lane<'_>, action: &PlannedAction, stack: &str, resource: &StackResource) -> Option<Note> {
    if lane.cloud.pace == Pace::Virtual {
        return None;
    }
    let region = stack.split(':').nth(3).unwrap_or_default();
    let id = resource.physical_id.as_deref().unwrap_or("NAME");
    let note = plan::afterwards(&resource.resource_type, id, region)?;
    Some(Note { instance: action.instance.clone(), resource: resource.logical_id.clone(), note })
}

fn left(
    lane: &Lane<'_>,
    action: &PlannedAction,
    (stack, resource): (&str, &StackResource),
    why: Why,
) -> Left {
    let (kind, id) = (&resource.resource_type, resource.physical_id.as_deref());
    let remedy = remedy(lane, stack, kind, id);
    Left {
        instance: action.instance.clone(),
        resource: resource.logical_id.clone(),
        resource_type: kind.clone(),
        physical_id: resource.physical_id.clone(),
        why,
        remedy,
    }
}

type Key = (String, Option<String>);

fn key(logical_id: &str, physical_id: Option<&str>) -> Key {
    (logical_id.to_owned(), physical_id.map(str::to_owned))
}

/// The last that is told of each resource, by the events of the stack's deletion.
async fn ends(lane: &Lane<'_>, id: &str) -> Result<BTreeMap<Key, String>, CallError> {
    let (mut ends, mut next) = (BTreeMap::new(), None::<String>);
    loop {
        let from = next.clone();
        let page = lane.call(|port| port.events(id, from.as_deref())).await?;
        for event in page.items {
            if is_begin(&event, id) {
                return Ok(ends);
            }
            // Newest first: what is known already is later.
            let key = key(&event.logical_id, event.physical_id.as_deref());
            ends.entry(key).or_insert(event.status);
        }
        next = page.next;
        if next.is_none() {
            return Ok(ends);
        }
    }
}

/// A deletion that was repeated has several beginnings; what earlier ones deleted is listed no more.
fn is_begin(event: &StackEvent, id: &str) -> bool {
    event.status == "DELETE_IN_PROGRESS" && event.physical_id.as_deref() == Some(id)
}
