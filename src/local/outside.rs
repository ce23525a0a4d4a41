//! What happens in an account without rekindle: somebody changes or deletes a resource by hand,
//! keeps what cannot be deleted, clears up afterwards.
//!
//! It serves to practise on: the product's own operations go through the port.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::local::by_hand::{self, Changes};
use crate::local::client::Client;
use crate::local::inventory::{Orphan, OrphanKey};
use crate::local::place::Place;
use crate::local::request::{self, operation};
use crate::local::resource::{BUCKET, REPOSITORY, Resource, SECURITY_GROUP, Tampering, VPC};
use crate::local::world::World;
use crate::port::{PortError, PortErrorKind, UpdateStack};

impl Client {
    /// What no stack of this account and region owns any more, by type and id.
    pub fn orphans(&self) -> Vec<Orphan> {
        self.cloud.world().inventory.orphans(&self.place).cloned().collect()
    }

    /// Deletes something that no stack owns.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_orphan(&self, resource_type: &str, physical_id: &str) -> Result<(), PortError> {
        let (resource_type, physical_id) = (resource_type.to_owned(), physical_id.to_owned());
        let key = OrphanKey { place: self.place.clone(), resource_type, physical_id };
        let remove = |world: &mut World| match world.inventory.take_out(&key) {
            Some(_) => Ok(()),
            None => {
                let OrphanKey { resource_type, physical_id, .. } = &key;
                let message = format!("there is no {resource_type} `{physical_id}` that no stack owns");
                Err(PortError::new(PortErrorKind::NotFound, format!("delete `{physical_id}`"), message))
            }
        };
        self.cloud.change(remove).await
    }

    /// Changes properties of a stack's resource by hand, as far as its service lets anybody; null takes
    /// one away.
    ///
    /// # Errors
    /// `NotFound`, and `Invalid` for what the resource's type does not have, only AWS sets, or is set once.
    pub async fn change_by_hand(
        &self,
        stack: &str,
        logical_id: &str,
        properties: &Changes,
    ) -> Result<(), PortError> {
        self.put(stack, logical_id, properties, by_hand::is_possible).await
    }

    /// Makes properties of a stack's resource differ from its template, whether its service lets anybody
    /// change them or not.
    ///
    /// # Errors
    /// `NotFound`, and `Invalid` for a property that the resource's type does not have.
    pub async fn tamper(&self, stack: &str, logical_id: &str, properties: &Changes) -> Result<(), PortError> {
        self.put(stack, logical_id, properties, by_hand::exists).await
    }

    async fn put(
        &self,
        stack: &str,
        logical_id: &str,
        properties: &Changes,
        judge: fn(&Resource, &Value, &Changes, &str) -> Result<(), PortError>,
    ) -> Result<(), PortError> {
        let change = |resource: &Resource, real: &Value| {
            judge(resource, real, properties, &operation("change by hand", stack))?;
            let mut real = real.as_object().cloned().unwrap_or_default();
            for (name, value) in properties {
                if value.is_null() {
                    real.remove(name);
                } else {
                    real.insert(name.clone(), value.clone());
                }
            }
            Ok(Tampering::Changed(Value::Object(real)))
        };
        self.cloud.change(|world| tamper(world, &self.place, (stack, logical_id), change)).await
    }

    /// Puts things into a bucket or a repository by hand, or network interfaces of nobody's into a VPC or
    /// on a security group: so many more than it holds.
    ///
    /// # Errors
    /// `NotFound`, and `Invalid` for what cannot hold anything.
    pub async fn fill(&self, stack: &str, logical_id: &str, number: u64) -> Result<(), PortError> {
        let fill = |resource: &mut Resource| resource.holds = resource.holds.saturating_add(number);
        self.cloud.change(|world| within(world, &self.place, (stack, logical_id), &FILLED, fill)).await
    }

    /// Leaves so many network interfaces more of functions that are gone in a VPC or on a security group.
    ///
    /// # Errors
    /// As of [`Client::fill`].
    pub async fn leave(&self, stack: &str, logical_id: &str, number: u64) -> Result<(), PortError> {
        let leave = |resource: &mut Resource| {
            let first = resource.left_over.last().map_or(1, |last| last + 1);
            resource.left_over.extend(first..first.saturating_add(number));
        };
        let types = &[SECURITY_GROUP, VPC];
        self.cloud.change(|world| within(world, &self.place, (stack, logical_id), types, leave)).await
    }

    /// Takes out by hand all that [`Client::fill`] put there, and says how much.
    ///
    /// # Errors
    /// As of [`Client::fill`].
    pub async fn empty(&self, stack: &str, logical_id: &str) -> Result<u64, PortError> {
        let empty = |resource: &mut Resource| {
            let left = std::mem::take(&mut resource.left_over).len() as u64;
            std::mem::take(&mut resource.holds) + left
        };
        self.cloud.change(|world| within(world, &self.place, (stack, logical_id), &FILLED, empty)).await
    }

    /// Makes a copy of what a resource holds, as AWS Backup does: it stays when the resource goes. Gives its
    /// ARN. One that is not complete is of no use to anybody.
    ///
    /// # Errors
    /// `NotFound`, and `Invalid` for a type that AWS Backup does not copy.
    pub async fn back_up(
        &self,
        stack: &str,
        logical_id: &str,
        is_complete: bool,
    ) -> Result<String, PortError> {
        self.cloud
            .change(|world| request::back_up(world, &self.place, (stack, logical_id), is_complete))
            .await
    }

    /// Deletes a stack's resource by hand.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_by_hand(&self, stack: &str, logical_id: &str) -> Result<(), PortError> {
        let delete = |_: &Resource, _: &Value| Ok(Tampering::Deleted);
        self.cloud.change(|world| tamper(world, &self.place, (stack, logical_id), delete)).await
    }

    /// Starts computing a change set that imports things no stack owns: their physical ids by
    /// logical id. Returns its ARN.
    ///
    /// # Errors
    /// `WrongState`, and `Invalid` for what validation refuses.
    pub async fn create_import(
        &self,
        name: &str,
        request: &UpdateStack,
        imports: &BTreeMap<String, String>,
    ) -> Result<String, PortError> {
        let act =
            |world: &mut World, place: &Place| request::create_import(world, place, (name, request), imports);
        self.write("CreateChangeSet", name, act).await
    }

    /// Starts computing a change set of a stack that does not exist yet. Returns its ARN.
    ///
    /// # Errors
    /// `AlreadyExists`, and `Invalid` for what validation refuses.
    pub async fn create_review(&self, name: &str, request: &UpdateStack) -> Result<String, PortError> {
        let act = |world: &mut World, place: &Place| request::create_review(world, place, name, request);
        self.write("CreateChangeSet", name, act).await
    }

    /// Stops an update under way and takes it back.
    ///
    /// # Errors
    /// `NotFound`, `WrongState`.
    pub async fn cancel_update(&self, stack: &str) -> Result<(), PortError> {
        let act = |world: &mut World, place: &Place| request::cancel_update(world, place, stack);
        self.write("CancelUpdateStack", stack, act).await
    }
}

fn tamper(
    world: &mut World,
    place: &Place,
    (stack, logical_id): (&str, &str),
    act: impl FnOnce(&Resource, &Value) -> Result<Tampering, PortError>,
) -> Result<(), PortError> {
    let call = operation("change by hand", stack);
    let id = request::require(world, place, stack, &call)?.id.clone();
    let done = world.work(&id, |work| {
        let resource = work.stack.resources.get_mut(logical_id)?;
        let real = resource.real_properties()?.clone();
        match act(resource, &real) {
            Ok(tampering) => resource.tampered = Some(tampering),
            Err(error) => return Some(Err(error)),
        }
        if resource.is_lost() {
            let resource = resource.clone();
            work.inventory.release(place, &id, logical_id, &resource);
        }
        Some(Ok(()))
    });
    done.flatten().ok_or_else(|| missing(logical_id, call))?
}

/// What can be filled.
const FILLED: [&str; 4] = [BUCKET, REPOSITORY, VPC, SECURITY_GROUP];

/// Changes how much a resource of one of these types holds.
fn within<T>(
    world: &mut World,
    place: &Place,
    (stack, logical_id): (&str, &str),
    types: &[&str],
    act: impl FnOnce(&mut Resource) -> T,
) -> Result<T, PortError> {
    let call = operation("change by hand", stack);
    let id = request::require(world, place, stack, &call)?.id.clone();
    let done = world.work(&id, |work| {
        let resource = work.stack.resources.get_mut(logical_id).filter(|resource| !resource.is_lost())?;
        if !types.contains(&resource.resource_type.as_str()) {
            return Some(Err(resource.resource_type.clone()));
        }
        Some(Ok(act(resource)))
    });
    done.flatten().ok_or_else(|| missing(logical_id, call.clone()))?.map_err(|kind| {
        PortError::new(PortErrorKind::Invalid, call, format!("{kind} holds nothing that is in the way"))
            .with_hint(format!("{} can be filled", types.join(", ")))
    })
}

fn missing(logical_id: &str, call: String) -> PortError {
    let message = format!("the stack has no resource `{logical_id}`, or it was deleted by hand already");
    PortError::new(PortErrorKind::NotFound, call, message)
        .with_hint("its template says which resources it has")
}
