//! Which changes by hand a resource takes: what its service lets nobody change is refused here, too.
//!
//! A pure judgement of values: may not change anything.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::catalogue::{self, Replacement, ResourceType};
use crate::local::resource::Resource;
use crate::model::diagnostic::did_you_mean;
use crate::port::{PortError, PortErrorKind};

/// New values by property; null takes one away.
pub(super) type Changes = BTreeMap<String, Value>;

/// Refuses properties that the resource's type does not have; one that nobody publishes may have any.
pub(super) fn exists(resource: &Resource, _: &Value, changes: &Changes, call: &str) -> Result<(), PortError> {
    let Some(known) = published(resource) else { return Ok(()) };
    let is_unknown = |name: &&String| !known.schema.properties.contains_key(*name);
    let Some(name) = changes.keys().find(is_unknown) else { return Ok(()) };
    let kind = resource.resource_type.as_str();
    let hint = match did_you_mean(name, known.schema.properties.keys().map(String::as_str)) {
        Some(other) => format!("did you mean `{other}`?"),
        None => format!("AWS's documentation of {kind} lists its properties"),
    };
    Err(refused(call, format!("{kind} has no property `{name}`"), hint))
}

/// Refuses likewise what only AWS sets, and what is set once, when the resource is made.
pub(super) fn is_possible(
    resource: &Resource,
    real: &Value,
    changes: &Changes,
    call: &str,
) -> Result<(), PortError> {
    exists(resource, real, changes, call)?;
    let Some(known) = published(resource) else { return Ok(()) };
    let kind = resource.resource_type.as_str();
    for (name, value) in changes {
        let (before, after) = (real.get(name), Some(value).filter(|value| !value.is_null()));
        if known.read_only.iter().any(|path| path.0 == [name.as_str()]) {
            let message = format!("AWS alone sets `{name}` of {kind}");
            let hint = "change a property that a template can set";
            return Err(refused(call, message, hint.to_owned()));
        }
        let is_fixed = catalogue::is_refused_change(kind, name, before, after);
        if is_fixed || known.replacement_by(name, before, after) == Replacement::Always {
            let message = format!("AWS lets nobody change `{name}` of {kind} once it exists");
            let hint = "drift of this kind cannot be; change another property, or the template: there a new value makes a new resource";
            return Err(refused(call, message, hint.to_owned()));
        }
    }
    Ok(())
}

fn published(resource: &Resource) -> Option<&'static ResourceType> {
    let kind = resource.resource_type.as_str();
    catalogue::resource_type(kind).filter(|_| !catalogue::is_custom(kind))
}

fn refused(call: &str, message: String, hint: String) -> PortError {
    PortError::new(PortErrorKind::Invalid, call.to_owned(), message).with_hint(hint)
}
