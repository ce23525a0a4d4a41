//! Properties that make a service refuse to delete a resource.
//!
//! `protection.csv` has one per type: the property, the value that protects and the one that does not.
//! `LIST/KEY` is the entry of a list of pairs of `Key` and `Value`. Source: the descriptions of these
//! properties in AWS's resource schemas, read one by one. A service may protect in ways that no
//! property tells; then the deletion says so.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

/// A property that protects resources of a type from being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// The property's name.
    pub property: &'static str,
    /// Where the property is a list of pairs: the key of the entry.
    pub key: Option<&'static str>,
    /// The value that protects.
    on: &'static str,
    /// The value that does not.
    off: &'static str,
}

static TABLE: LazyLock<BTreeMap<&'static str, Protection>> =
    LazyLock::new(|| include_str!("protection.csv").lines().skip(1).filter_map(row).collect());

fn row(line: &'static str) -> Option<(&'static str, Protection)> {
    let mut fields = line.split(',');
    let (resource_type, property) = (fields.next()?, fields.next()?);
    let (on, off) = (fields.next()?, fields.next()?);
    let (property, key) = match property.split_once('/') {
        Some((property, key)) => (property, Some(key)),
        None => (property, None),
    };
    Some((resource_type, Protection { property, key, on, off }))
}

/// What protects resources of this type; `None` where no property does.
pub fn protection(resource_type: &str) -> Option<Protection> {
    TABLE.get(resource_type).copied()
}

impl Protection {
    /// Whether a resource with this value of the property (functions computed) is protected.
    pub fn is_on(&self, value: &Value) -> bool {
        match self.key {
            None => is(value, self.on),
            Some(key) => entries(value).any(|entry| is(&entry["Key"], key) && is(&entry["Value"], self.on)),
        }
    }

    /// The value of the property that lifts the protection, from the one it has in a template; `None`
    /// for a list that is computed.
    pub fn lifted(&self, value: &Value) -> Option<Value> {
        let off = match (self.on, self.off) {
            ("true", _) if self.key.is_none() => json!(false),
            (_, off) => json!(off),
        };
        let Some(key) = self.key else { return Some(off) };
        let mut list = value.as_array()?.clone();
        let entry = list.iter_mut().find(|entry| is(&entry["Key"], key))?;
        entry.as_object_mut()?.insert("Value".to_owned(), off);
        Some(Value::Array(list))
    }
}

impl std::fmt::Display for Protection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.key.unwrap_or(self.property))
    }
}

fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn is(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Bool(flag) => flag.to_string() == wanted,
        Value::String(text) => text == wanted,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::resource_type;

    #[test]
    fn every_line_is_of_a_published_property() {
        assert_eq!(TABLE.len(), include_str!("protection.csv").lines().count() - 1);
        for (name, protection) in TABLE.iter() {
            let known = resource_type(name).unwrap_or_else(|| panic!("{name}"));
            assert!(known.schema.properties.contains_key(protection.property), "{name}");
        }
    }

    #[test]
    fn a_flag_protects_and_is_lifted() {
        let database = protection("AWS::RDS::DBInstance").unwrap();
        assert!(database.is_on(&json!(true)) && database.is_on(&json!("true")));
        assert!(!database.is_on(&json!(false)) && !database.is_on(&Value::Null));
        assert_eq!(database.lifted(&json!({"Ref": "Protect"})), Some(json!(false)));
        let pool = protection("AWS::Cognito::UserPool").unwrap();
        assert!(pool.is_on(&json!("ACTIVE")) && !pool.is_on(&json!("INACTIVE")));
        assert_eq!(pool.lifted(&json!("ACTIVE")), Some(json!("INACTIVE")));
    }

    #[test]
    fn an_entry_of_a_list_protects_and_is_lifted() {
        let balancer = protection("AWS::ElasticLoadBalancingV2::LoadBalancer").unwrap();
        let list = |value: &str| {
            json!([{"Key": "idle_timeout.timeout_seconds", "Value": "60"},
                   {"Key": "deletion_protection.enabled", "Value": value}])
        };
        assert!(balancer.is_on(&list("true")) && !balancer.is_on(&list("false")));
        assert_eq!(balancer.lifted(&list("true")), Some(list("false")));
        assert_eq!(balancer.lifted(&json!({"Fn::If": []})), None);
        assert_eq!(balancer.to_string(), "deletion_protection.enabled");
    }
}
