//! What is known of resource types, read from `types.txt`.
//!
//! Everything the engine knows of a type beside its durations goes through this file, so that a
//! catalogue of all types can take its place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::local::resource::pattern::Pattern;

/// A known resource type.
#[derive(Debug)]
pub struct Shape {
    /// How its physical ids, which are what `Ref` gives, look.
    pub reference: Pattern,
    /// How its attributes look.
    pub attributes: BTreeMap<&'static str, Pattern>,
    /// Properties whose change makes a new physical resource.
    replaces: BTreeSet<&'static str>,
    /// Whether the stack's tags reach it.
    taggable: bool,
}

static SHAPES: LazyLock<BTreeMap<&'static str, Shape>> = LazyLock::new(|| read(include_str!("types.txt")));

fn read(text: &'static str) -> BTreeMap<&'static str, Shape> {
    let mut shapes = BTreeMap::new();
    let mut current: Option<&mut Shape> = None;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some(entry) = line.strip_prefix("  ") else {
            current = Some(shapes.entry(line).or_insert_with(|| Shape {
                reference: Pattern::default(),
                attributes: BTreeMap::new(),
                replaces: BTreeSet::new(),
                taggable: true,
            }));
            continue;
        };
        let shape = current.as_mut().expect("the first line that is no comment names a type");
        match entry.split_once(' ').unwrap_or((entry, "")) {
            ("Ref", pattern) => shape.reference = Pattern::parse(pattern),
            ("replaces", properties) => shape.replaces = properties.split(' ').collect(),
            ("untaggable", _) => shape.taggable = false,
            (attribute, pattern) => {
                shape.attributes.insert(attribute, Pattern::parse(pattern));
            }
        }
    }
    shapes
}

/// What is known of `resource_type`, if anything is.
pub fn shape(resource_type: &str) -> Option<&'static Shape> {
    SHAPES.get(resource_type)
}

/// Whether a change of `property` makes a new physical resource.
///
/// Of a type that is not known this is assumed of `Name` and of the type's own name followed by
/// `Name`, which are create-only nearly everywhere.
pub fn replaces(resource_type: &str, property: &str) -> bool {
    match shape(resource_type) {
        Some(shape) => shape.replaces.contains(property),
        None => {
            let own = resource_type.rsplit("::").next().unwrap_or_default();
            property == "Name" || property.strip_suffix("Name") == Some(own)
        }
    }
}

/// Whether a change of the stack's tags touches resources of this type. Assumed of unknown types.
pub fn is_taggable(resource_type: &str) -> bool {
    shape(resource_type).is_none_or(|shape| shape.taggable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_reference_and_every_mark_is_known() {
        assert!(SHAPES.len() > 40);
        for (name, shape) in SHAPES.iter() {
            assert_ne!(shape.reference, Pattern::default(), "{name}");
            for (attribute, pattern) in shape.attributes.iter().chain([(&"Ref", &shape.reference)]) {
                assert_eq!(pattern.unknown_mark(), None, "{name}.{attribute}");
            }
        }
    }

    #[test]
    fn what_makes_a_new_resource() {
        assert!(replaces("AWS::EC2::VPC", "CidrBlock"));
        assert!(!replaces("AWS::EC2::VPC", "EnableDnsSupport"));
        assert!(replaces("AWS::Kinesis::Stream", "Name"));
        assert!(replaces("AWS::Glue::Crawler", "CrawlerName"));
        assert!(!replaces("AWS::Glue::Crawler", "RoleName"));
    }
}
