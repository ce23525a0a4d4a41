//! Takes existing resources into a stack.
//!
//! Source: CloudFormation user guide, "Import AWS resources into a CloudFormation stack".

use crate::local::context::Context;
use crate::local::inventory::{Origin, OrphanKey};
use crate::local::operation::{Phase, Task, Work};
use crate::local::resource::{Resource, Tampering, custom_name};
use crate::local::template::Policy;
use crate::model::StackStatus;

/// Seconds an import of one resource takes: nothing is made. A planning value.
const SECONDS: f64 = 2.0;

impl Work<'_> {
    /// Begins taking a resource in. `wanted` is what the template says of it.
    pub(super) fn start_import(&mut self, logical_id: &str, mut wanted: Resource) {
        let Some(physical_id) = self.operation().imports.get(logical_id).cloned() else {
            let reason = "Only resources that are imported can be added by an import".to_owned();
            return self.fail(logical_id, "import", reason);
        };
        wanted.physical_id = physical_id;
        self.tell(logical_id, &wanted, "IMPORT_IN_PROGRESS", Some("Resource import started.".to_owned()));
        let key = self.key_of(&wanted);
        let Some(orphan) = self.inventory.orphan(&key) else {
            let Resource { resource_type, physical_id, .. } = &wanted;
            let reason =
                format!("Resource of type '{resource_type}' with identifier '{physical_id}' was not found");
            return self.fail(logical_id, "import", reason);
        };
        // What the template says differently shows as drift.
        let real = &orphan.resource.properties;
        wanted.tampered = (*real != wanted.properties).then(|| Tampering::Changed(real.clone()));
        self.run(logical_id, Task::Import(wanted), SECONDS);
    }

    /// Whether the operation under way takes this resource in.
    pub(super) fn adopts(&mut self, logical_id: &str, wanted: &Resource) -> bool {
        let Ok(context) = self.stack.context() else { return false };
        self.operation().adopts && self.is_adoptable(&context, logical_id, wanted)
    }

    /// Whether no stack has it, it exists under the name that the template gives without any function, and
    /// it would be retained.
    pub fn is_adoptable(&self, context: &Context, logical_id: &str, wanted: &Resource) -> bool {
        let retains = matches!(wanted.deletion_policy, Policy::Retain | Policy::RetainExceptOnCreate);
        let properties = context.template.resources[logical_id].properties.as_object();
        let is_literal = properties.is_some_and(|properties| {
            custom_name(&wanted.resource_type, &wanted.properties).is_some_and(|name| {
                properties
                    .values()
                    .any(|value| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(&name.text)))
            })
        });
        retains && is_literal && self.inventory.orphan(&self.key_of(wanted)).is_some()
    }

    pub(super) fn imported(&mut self, logical_id: &str, resource: Resource) {
        let key = self.key_of(&resource);
        self.inventory.take_out(&key);
        let (place, stack) = (self.stack.place.clone(), self.stack.id.clone());
        self.inventory.claim(&place, &stack, logical_id, &resource);
        self.tell(logical_id, &resource, "IMPORT_COMPLETE", Some("Resource import completed.".to_owned()));
        let tags = Some("Apply stack-level tags to imported resource if applicable.".to_owned());
        self.tell(logical_id, &resource, "UPDATE_IN_PROGRESS", tags);
        self.tell(logical_id, &resource, "UPDATE_COMPLETE", None);
        self.stack.resources.insert(logical_id.to_owned(), resource);
    }

    pub(super) fn start_release(&mut self, logical_id: &str) {
        let Some(resource) = self.stack.resources.get(logical_id).cloned() else {
            return self.done(logical_id);
        };
        self.tell(logical_id, &resource, "IMPORT_ROLLBACK_IN_PROGRESS", None);
        self.run(logical_id, Task::Release, SECONDS);
    }

    pub(super) fn released(&mut self, logical_id: &str) {
        let Some(mut resource) = self.stack.resources.remove(logical_id) else { return };
        self.tell(logical_id, &resource, "IMPORT_ROLLBACK_COMPLETE", None);
        if let Some(Tampering::Changed(real)) = resource.tampered.take() {
            resource.properties = real;
        }
        self.orphan(logical_id, resource, Origin::Retained);
    }

    pub(super) fn end_imported(&mut self) {
        match self.applied_outputs() {
            Err(reason) => self.enter_phase(Phase::ImportRollback, Some(reason)),
            Ok(outputs) => {
                if let Some(goal) = self.operation().goal.take() {
                    self.stack.body = goal;
                }
                self.settle(outputs);
                self.end(StackStatus::ImportComplete, None);
            }
        }
    }

    fn key_of(&self, resource: &Resource) -> OrphanKey {
        OrphanKey {
            place: self.stack.place.clone(),
            resource_type: resource.resource_type.clone(),
            physical_id: resource.physical_id.clone(),
        }
    }
}
