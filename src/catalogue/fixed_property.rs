//! Properties that AWS changes neither in place nor by a replacement: the update fails.
//!
//! No schema says so. `fixed_properties.csv` is reviewed by hand; each line has the page whose "Update
//! requires" or text says that updates are not supported, and the value that counts where none is given,
//! if the page says one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::published_name;

/// By type and property: the documented default, or an empty text.
static TABLE: LazyLock<BTreeMap<(&'static str, &'static str), &'static str>> =
    LazyLock::new(|| include_str!("fixed_properties.csv").lines().skip(1).filter_map(row).collect());

fn row(line: &'static str) -> Option<((&'static str, &'static str), &'static str)> {
    let mut fields = line.split(',');
    Some(((fields.next()?, fields.next()?), fields.next()?))
}

/// Whether AWS refuses to change this property from one value to the other (functions computed; `None` is
/// a property that is not there). The same value written otherwise is no change. One that comes or goes is
/// judged only where a default is documented: it may be the value that AWS uses anyway.
pub fn is_refused_change(
    resource_type: &str,
    property: &str,
    before: Option<&Value>,
    after: Option<&Value>,
) -> bool {
    let Some(default) = TABLE.get(&(published_name(resource_type), property)) else { return false };
    let shown = |value: Option<&Value>| match value {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Null) | None => Some((*default).to_owned()).filter(|text| !text.is_empty()),
        Some(other) => Some(other.to_string()),
    };
    let (before, after) = (shown(before), shown(after));
    before.is_some() && after.is_some() && before != after
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::resource_type;

    #[test]
    fn every_line_is_of_a_published_property() {
        assert_eq!(TABLE.len(), include_str!("fixed_properties.csv").lines().count() - 1);
        for (name, property) in TABLE.keys() {
            let known = resource_type(name).unwrap_or_else(|| panic!("{name}"));
            assert!(known.schema.properties.contains_key(*property), "{name}.{property}");
        }
    }

    #[test]
    fn a_default_written_out_and_another_form_are_no_change() {
        let key = |property, before: Value, after: Value| {
            let given = |value: Value| (!value.is_null()).then_some(value);
            let (before, after) = (given(before), given(after));
            is_refused_change("AWS::KMS::Key", property, before.as_ref(), after.as_ref())
        };
        assert!(!key("KeySpec", Value::Null, json!("SYMMETRIC_DEFAULT")));
        assert!(key("KeySpec", Value::Null, json!("RSA_2048")));
        assert!(key("KeySpec", json!("RSA_2048"), Value::Null));
        assert!(!key("MultiRegion", json!(false), json!("false")));
        assert!(!key("Description", json!("a"), json!("b")));
        let (zone, token) = (json!("a"), json!("b"));
        assert!(!is_refused_change("AWS::EC2::Volume", "Encrypted", None, Some(&json!(false))));
        assert!(is_refused_change("AWS::EC2::Volume", "AvailabilityZone", Some(&zone), Some(&token)));
        assert!(is_refused_change("Custom::Thing", "ServiceToken", Some(&zone), Some(&token)));
    }
}
