//! Properties that AWS changes neither in place nor by a replacement: the update fails.
//!
//! No schema says so. `fixed_properties.csv` is reviewed by hand; each line has the page whose "Update
//! requires" or text says that updates are not supported.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::published_name;

static TABLE: LazyLock<BTreeSet<(&'static str, &'static str)>> =
    LazyLock::new(|| include_str!("fixed_properties.csv").lines().skip(1).filter_map(row).collect());

fn row(line: &'static str) -> Option<(&'static str, &'static str)> {
    let mut fields = line.split(',');
    Some((fields.next()?, fields.next()?))
}

/// Whether AWS refuses every change of this property.
pub fn is_fixed(resource_type: &str, property: &str) -> bool {
    TABLE.contains(&(published_name(resource_type), property))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::resource_type;

    #[test]
    fn every_line_is_of_a_published_property() {
        assert_eq!(TABLE.len(), include_str!("fixed_properties.csv").lines().count() - 1);
        for (name, property) in TABLE.iter() {
            let known = resource_type(name).unwrap_or_else(|| panic!("{name}"));
            assert!(known.schema.properties.contains_key(*property), "{name}.{property}");
        }
        assert!(is_fixed("Custom::Thing", "ServiceToken") && !is_fixed("Custom::Thing", "Other"));
    }
}
