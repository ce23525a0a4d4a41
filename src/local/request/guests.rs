//! Who stands in networks: as many network interfaces as somebody put there by hand, and those that
//! functions left which are gone.

use std::collections::BTreeSet;

use crate::local::place::Place;
use crate::local::resource::{Resource, SECURITY_GROUP, VPC};
use crate::local::world::World;
use crate::model::{Digest, Guest, GuestKind, Networks};
use crate::port::{PortError, PortErrorKind};

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
        .flat_map(|resource| {
            let by_hand = (1..=resource.holds).map(|one| interface(resource, one));
            by_hand.chain(resource.left_over.iter().map(|one| left_over(resource, *one)))
        })
        .collect()
}

/// Deletes an interface that is left over. EC2 deletes none that is in use.
///
/// # Errors
/// `WrongState` for one that somebody put there.
pub fn delete_interface(world: &mut World, place: &Place, id: &str) -> Result<(), PortError> {
    let stacks = world.page(place, None, usize::MAX).into_iter();
    let resources = stacks.flat_map(|stack| {
        stack.resources.iter().map(|(logical_id, resource)| (stack.id.clone(), logical_id.clone(), resource))
    });
    let mut found = None;
    for (stack, logical_id, resource) in resources {
        if (1..=resource.holds).any(|one| interface(resource, one).id == id) {
            let message = format!("InvalidParameterValue: Network interface '{id}' is currently in use.");
            let call = super::operation("DeleteNetworkInterface", id);
            return Err(super::refuse(PortErrorKind::WrongState, &call, message));
        }
        let number = resource.left_over.iter().find(|one| left_over(resource, **one).id == id);
        if let Some(number) = number {
            found = Some((stack, logical_id, *number));
        }
    }
    if let Some((stack, logical_id, number)) = found {
        world.work(&stack, |work| {
            work.stack.resources.get_mut(&logical_id).map(|resource| resource.left_over.remove(&number))
        });
    }
    Ok(())
}

fn left_over(network: &Resource, number: u64) -> Guest {
    let id = Digest::of(format!("{}/left-over/{number}", network.physical_id)).short(17);
    Guest {
        id: format!("eni-{id}"),
        about: format!("AWS Lambda VPC ENI-function-{number}"),
        belongs_to: [network.physical_id.clone()].into(),
        is_left_over: true,
        ..interface(network, number)
    }
}

fn interface(network: &Resource, number: u64) -> Guest {
    let id = Digest::of(format!("{}/{number}", network.physical_id)).short(17);
    Guest {
        id: format!("eni-{id}"),
        kind: GuestKind::NetworkInterface,
        about: "made by hand".to_owned(),
        networks: [network.physical_id.clone()].into(),
        belongs_to: BTreeSet::new(),
        is_left_over: false,
    }
}
