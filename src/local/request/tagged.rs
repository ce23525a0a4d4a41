//! The search by tags, over what stacks have and what no stack has any more.

use std::collections::BTreeMap;

use crate::local::place::Place;
use crate::local::request::read::PAGE;
use crate::local::resource::Resource;
use crate::local::world::World;
use crate::model::TaggedResource;
use crate::port::Page;

/// One page of the resources that carry these tags, by id. The token is the last id shown. Unlike AWS's
/// index, this one is never behind.
pub fn tagged(
    world: &World,
    place: &Place,
    tags: &BTreeMap<String, String>,
    page: Option<&str>,
) -> Page<TaggedResource> {
    let stacks = world.page(place, None, usize::MAX).into_iter();
    let owned = stacks.flat_map(|stack| stack.resources.values()).filter(|resource| !resource.is_lost());
    let orphans = world.inventory.orphans(place).map(|orphan| &orphan.resource);
    let carries =
        |resource: &&Resource| tags.iter().all(|(key, value)| resource.tags.get(key) == Some(value));
    let found: BTreeMap<&str, &Resource> = owned
        .chain(orphans)
        .filter(carries)
        .map(|resource| (resource.physical_id.as_str(), resource))
        .filter(|(id, _)| page.is_none_or(|last| *id > last))
        .collect();
    let items: Vec<TaggedResource> =
        found.iter().take(PAGE).map(|(id, resource)| entry(id, resource)).collect();
    let next = items.last().filter(|_| found.len() > PAGE).map(|last| last.arn.clone());
    Page { items, next }
}

fn entry(id: &str, resource: &Resource) -> TaggedResource {
    TaggedResource { arn: id.to_owned(), tags: resource.tags.clone() }
}
