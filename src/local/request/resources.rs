//! What a stack consists of, also after it is gone.

use std::collections::BTreeMap;

use crate::local::place::Place;
use crate::local::request::read::PAGE;
use crate::local::stack::Stack;
use crate::local::world::World;
use crate::model::{StackEvent, StackResource};
use crate::port::Page;

/// One page of a stack's resources by logical id. The token is the last id shown.
pub fn resources(stack: &Stack, page: Option<&str>) -> Page<StackResource> {
    let all = listed(stack);
    let open = all.into_values().filter(|one| page.is_none_or(|last| one.logical_id.as_str() > last));
    let mut items: Vec<StackResource> = open.take(PAGE + 1).collect();
    let more = items.len() > PAGE;
    items.truncate(PAGE);
    let next = items.last().filter(|_| more).map(|last| last.logical_id.clone());
    Page { items, next }
}

/// Each resource with the last thing that is told of it. Of one that was replaced, the old one's
/// clean-up is not the last thing: the one that is there now is listed.
fn listed(stack: &Stack) -> BTreeMap<&str, StackResource> {
    let mut found = BTreeMap::new();
    for event in stack.events.iter().filter(|event| event.physical_id.as_deref() != Some(&stack.id)) {
        let current = stack.resources.get(&event.logical_id).map(|resource| resource.physical_id.as_str());
        let is_other = current.is_some() && event.physical_id.as_deref() != current;
        if !is_other {
            found.insert(event.logical_id.as_str(), resource(event));
        }
    }
    found
}

fn resource(event: &StackEvent) -> StackResource {
    StackResource {
        logical_id: event.logical_id.clone(),
        physical_id: event.physical_id.clone(),
        resource_type: event.resource_type.clone(),
        status: event.status.clone(),
        reason: event.reason.clone(),
    }
}

/// The names of the stacks that import an export.
pub fn importers(world: &World, place: &Place, export: &str) -> Vec<String> {
    let exports = world.exports(place);
    exports.map(|exports| exports.importers(export).map(str::to_owned).collect()).unwrap_or_default()
}
