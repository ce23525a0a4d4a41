//! What `Fn::GetAtt` gives: a pure function of type, physical id and properties, so that nothing
//! of it is stored and every prediction is exact.

use serde_json::Value;

use crate::catalogue::{self, published_name};
use crate::local::place::Place;
use crate::local::resource::pattern::Subject;
use crate::local::resource::{Resource, shape};

/// Whether a resource type has an attribute.
pub fn exists(resource_type: &str, attribute: &str) -> bool {
    catalogue::resource_type(published_name(resource_type))
        .is_some_and(|known| known.has_attribute(attribute))
}

/// The attribute's value; `None` when the type does not have it.
pub fn value(resource: &Resource, place: &Place, attribute: &str) -> Option<Value> {
    if let Some(answered) = &resource.answered {
        return answered.get(attribute).cloned();
    }
    if !exists(&resource.resource_type, attribute) {
        return None;
    }
    let shape = shape::shape(&resource.resource_type);
    let Some(pattern) = shape.and_then(|shape| shape.attributes.get(attribute)) else {
        return Some(generic(resource, place, attribute));
    };
    let subject = Subject {
        place,
        stack_name: "",
        logical_id: "",
        seed: format!("{}/{attribute}", resource.physical_id),
        physical_id: &resource.physical_id,
        properties: &resource.properties,
        version: resource.version,
    };
    Some(pattern.value(&subject))
}

/// Attributes whose shape is not known: the property of that name where the template sets one;
/// an ARN for `Arn` and names that end in it; the physical id for `Id`, `Name` and `Ref`; else a
/// text of both, opaque and stable.
fn generic(resource: &Resource, place: &Place, attribute: &str) -> Value {
    if let Some(property) = resource.properties.get(attribute) {
        return property.clone();
    }
    let id = &resource.physical_id;
    let mut names = resource.resource_type.split("::").skip(1);
    let service = names.next().unwrap_or("custom").to_ascii_lowercase();
    let kind = names.next().unwrap_or("resource").to_ascii_lowercase();
    let text = if attribute.to_ascii_lowercase().ends_with("arn") {
        let tail = id.rsplit(':').next().unwrap_or_default();
        format!("arn:{}:{service}:{}:{}:{kind}/{tail}", place.partition(), place.region, place.account)
    } else if matches!(attribute, "Id" | "Name" | "Ref") {
        id.clone()
    } else {
        format!("{id}.{attribute}")
    };
    Value::String(text)
}
