//! Who stands in networks: as many network interfaces as somebody put there by hand.

use std::collections::BTreeSet;

use crate::local::place::Place;
use crate::local::resource::{Resource, SECURITY_GROUP, VPC};
use crate::local::world::World;
use crate::model::{Digest, Guest, GuestKind, Networks};

/// The interfaces in these networks.
pub fn guests(world: &World, place: &Place, networks: &Networks) -> Vec<Guest> {
    let stacks = world.page(place, None, usize::MAX).into_iter();
    let resources = stacks.flat_map(|stack| stack.resources.values());
    let is_asked = |resource: &&Resource| {
        [VPC, SECURITY_GROUP].contains(&resource.resource_type.as_str())
            && networks.holds(&resource.physical_id)
            && !resource.is_lost()
    };
    resources
        .filter(is_asked)
        .flat_map(|resource| (1..=resource.holds).map(|one| interface(resource, one)))
        .collect()
}

fn interface(network: &Resource, number: u64) -> Guest {
    let id = Digest::of(format!("{}/{number}", network.physical_id)).short(17);
    Guest {
        id: format!("eni-{id}"),
        kind: GuestKind::NetworkInterface,
        about: "made by hand".to_owned(),
        networks: [network.physical_id.clone()].into(),
        belongs_to: BTreeSet::new(),
    }
}
