//! What buckets hold: as many things as somebody put there by hand.

use crate::local::place::Place;
use crate::local::resource::{BUCKET, Resource};
use crate::local::world::World;
use crate::model::Bucket;

/// How many things S3 deletes in one call.
const PAGE: u64 = 1_000;

/// What a bucket of a stack holds; `None` when there is none of that name.
pub fn bucket(world: &World, place: &Place, name: &str) -> Option<Bucket> {
    let (_, _, resource) = find(world, place, name)?;
    let properties = resource.real_properties()?;
    let has_object_lock =
        properties.get("ObjectLockEnabled").is_some_and(|flag| *flag == true || flag == "true");
    Some(Bucket { is_empty: resource.holds == 0, has_object_lock })
}

/// Deletes up to a page of what a bucket holds; gives how many things.
pub fn empty_bucket(world: &mut World, place: &Place, name: &str) -> u64 {
    let found = find(world, place, name).map(|(id, logical_id, _)| (id.to_owned(), logical_id.to_owned()));
    let Some((id, logical_id)) = found else { return 0 };
    let emptied = world.work(&id, |work| {
        let resource = work.stack.resources.get_mut(&logical_id)?;
        let deleted = resource.holds.min(PAGE);
        resource.holds -= deleted;
        Some(deleted)
    });
    emptied.flatten().unwrap_or_default()
}

fn find<'w>(world: &'w World, place: &Place, name: &str) -> Option<(&'w str, &'w str, &'w Resource)> {
    let stacks = world.page(place, None, usize::MAX).into_iter();
    let mut resources = stacks.flat_map(|stack| {
        stack
            .resources
            .iter()
            .map(|(logical_id, resource)| (stack.id.as_str(), logical_id.as_str(), resource))
    });
    resources.find(|(_, _, resource)| {
        resource.resource_type == BUCKET && resource.physical_id == name && !resource.is_lost()
    })
}
