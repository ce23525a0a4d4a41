//! What buckets and repositories hold: as many things as somebody put there by hand.

use crate::local::place::Place;
use crate::local::resource::Resource;
use crate::local::world::World;
use crate::model::{Contents, Storage, StorageKind};

/// What is in a bucket or a repository of a stack; `None` when there is none of that name.
pub fn contents(world: &World, place: &Place, storage: &Storage) -> Option<Contents> {
    let (_, _, resource) = find(world, place, storage)?;
    let properties = resource.real_properties()?;
    let has_object_lock =
        properties.get("ObjectLockEnabled").is_some_and(|flag| *flag == true || flag == "true");
    Some(Contents { is_empty: resource.holds == 0, has_object_lock })
}

/// Deletes up to a page of what is in it; gives how many things.
pub fn empty(world: &mut World, place: &Place, storage: &Storage) -> u64 {
    let found = find(world, place, storage).map(|(id, logical_id, _)| (id.to_owned(), logical_id.to_owned()));
    let Some((id, logical_id)) = found else { return 0 };
    let emptied = world.work(&id, |work| {
        let resource = work.stack.resources.get_mut(&logical_id)?;
        let deleted = resource.holds.min(page(storage.kind));
        resource.holds -= deleted;
        Some(deleted)
    });
    emptied.flatten().unwrap_or_default()
}

/// How many things are deleted in one call. Sources: S3 API reference, DeleteObjects; ECR API
/// reference, BatchDeleteImage.
fn page(kind: StorageKind) -> u64 {
    match kind {
        StorageKind::Bucket => 1_000,
        StorageKind::Repository => 100,
    }
}

fn find<'w>(world: &'w World, place: &Place, storage: &Storage) -> Option<(&'w str, &'w str, &'w Resource)> {
    let stacks = world.page(place, None, usize::MAX).into_iter();
    let mut resources = stacks.flat_map(|stack| {
        stack
            .resources
            .iter()
            .map(|(logical_id, resource)| (stack.id.as_str(), logical_id.as_str(), resource))
    });
    resources.find(|(_, _, resource)| {
        resource.resource_type == storage.kind.resource_type()
            && resource.physical_id == storage.name
            && !resource.is_lost()
    })
}
