//! The shapes of ids and attributes, read from `types.txt`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::local::resource::pattern::Pattern;

/// What ids and attributes of a resource type look like.
#[derive(Debug, Default)]
pub struct Shape {
    /// How its physical ids, which are what `Ref` gives, look.
    pub reference: Pattern,
    /// How its attributes look.
    pub attributes: BTreeMap<&'static str, Pattern>,
}

static SHAPES: LazyLock<BTreeMap<&'static str, Shape>> = LazyLock::new(|| read(include_str!("types.txt")));

fn read(text: &'static str) -> BTreeMap<&'static str, Shape> {
    let mut shapes = BTreeMap::new();
    let mut current: Option<&mut Shape> = None;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some(entry) = line.strip_prefix("  ") else {
            current = Some(shapes.entry(line).or_insert_with(Shape::default));
            continue;
        };
        let shape = current.as_mut().expect("the first line that is no comment names a type");
        match entry.split_once(' ').unwrap_or((entry, "")) {
            ("Ref", pattern) => shape.reference = Pattern::parse(pattern),
            (attribute, pattern) => {
                shape.attributes.insert(attribute, Pattern::parse(pattern));
            }
        }
    }
    shapes
}

/// The shape of `resource_type`, if the table has one.
pub fn shape(resource_type: &str) -> Option<&'static Shape> {
    SHAPES.get(resource_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

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
    fn every_shape_is_of_a_published_type_and_attribute() {
        let mut unknown = Vec::new();
        for (name, shape) in SHAPES.iter() {
            let published = catalogue::resource_type(name).unwrap_or_else(|| panic!("{name}"));
            let odd = shape.attributes.keys().filter(|attribute| !published.has_attribute(attribute));
            unknown.extend(odd.map(|attribute| format!("{name}.{attribute}")));
        }
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
