//! Names that a template may give and that only one thing can have.
//!
//! No schema says it where the primary identifier is an ARN or an id: `unique_names.csv` does, each line
//! with the page of AWS's documentation. `within` names the property inside whose value the name is
//! unique; without it, it is so in an account and region, or as far as the service reaches.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::resource_type::ReplacementOrder;
use super::{published_name, resource_type};

/// The property that gives a resource a name which no other one may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UniqueName {
    /// The property.
    pub property: &'static str,
    /// The property inside whose value the name is unique.
    pub within: Option<&'static str>,
}

/// How far a name reaches, beside what it is unique `within`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nobody in the partition can have the same one.
    Partition,
    /// Nobody in the account.
    Account,
    /// Nobody in this account and region.
    Region,
}

/// How far the names of a type reach. Sources: Amazon S3 user guide, "General purpose bucket naming rules";
/// IAM user guide, "IAM and AWS STS quotas". Everything else is taken for regional.
pub fn reach(name: &str) -> Reach {
    match name {
        "AWS::S3::Bucket" => Reach::Partition,
        global if global.starts_with("AWS::IAM::") => Reach::Account,
        _ => Reach::Region,
    }
}

static TABLE: LazyLock<BTreeMap<&'static str, UniqueName>> =
    LazyLock::new(|| include_str!("unique_names.csv").lines().skip(1).filter_map(row).collect());

fn row(line: &'static str) -> Option<(&'static str, UniqueName)> {
    let mut fields = line.split(',');
    let (name, property, within) = (fields.next()?, fields.next()?, fields.next()?);
    Some((name, UniqueName { property, within: Some(within).filter(|within| !within.is_empty()) }))
}

/// The property that gives resources of this type a name of their own; `None` where there is none, or
/// where the old resource goes before the new one comes, so that it may have the same name again.
pub fn unique_name(name: &str) -> Option<UniqueName> {
    TABLE.get(name).copied().or_else(|| identifier(name))
}

/// The one property that tells resources of a type apart, where it is the template's to give.
///
/// Source: CloudFormation CLI user guide, "Resource type handler contract": no two resources have the
/// same primary identifier.
fn identifier(name: &str) -> Option<UniqueName> {
    let known = resource_type(published_name(name))?;
    let [path] = &known.primary_identifier[..] else { return None };
    let [property] = &path.0[..] else { return None };
    let is_given = known.create_only.contains(path) && !known.read_only.contains(path);
    let comes_first = known.replacement_order() == ReplacementOrder::CreateFirst;
    (is_given && comes_first).then_some(UniqueName { property: property.as_str(), within: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_names_what_a_published_type_takes_and_never_changes() {
        assert_eq!(TABLE.len(), include_str!("unique_names.csv").lines().count() - 1);
        for (name, unique) in TABLE.iter() {
            let known = resource_type(name).unwrap_or_else(|| panic!("{name}"));
            let is_create_only = |property: &str| {
                known.create_only.iter().any(|path| path.to_string() == property)
                    && !known.read_only.iter().any(|path| path.to_string() == property)
            };
            assert!(is_create_only(unique.property), "{name}.{}", unique.property);
            assert!(
                unique.within.is_none_or(|within| known.schema.properties.contains_key(within)),
                "{name}"
            );
            assert_eq!(identifier(name), None, "{name}: its schema says so already");
        }
    }

    #[test]
    fn names_come_from_the_table_or_the_schema() {
        let given = |name| unique_name(name).map(|unique| (unique.property, unique.within));
        assert_eq!(given("AWS::EC2::SecurityGroup"), Some(("GroupName", Some("VpcId"))));
        assert_eq!(given("AWS::SQS::Queue"), Some(("QueueName", None)));
        assert_eq!(given("AWS::DynamoDB::Table"), Some(("TableName", None)));
        assert_eq!(given("AWS::EC2::VPC"), None);
        assert_eq!(given("Custom::Thing"), None);
    }
}
