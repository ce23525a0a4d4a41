//! Properties that may replace a resource as far as its schema says, and do not by its documentation.
//!
//! `in_place.csv` is short and reviewed by hand: types that hold something (`stateful.csv`), and only
//! properties for which the page named in the line says "No interruption" or "Some interruptions",
//! which both keep the physical resource, and nothing in its text says otherwise. `added` is a
//! property that was not there before: another value of it may replace.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Which changes of a property are made in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changes {
    Any,
    Added,
}

static TABLE: LazyLock<BTreeMap<(&'static str, &'static str), Changes>> =
    LazyLock::new(|| include_str!("in_place.csv").lines().skip(1).filter_map(row).collect());

fn row(line: &'static str) -> Option<((&'static str, &'static str), Changes)> {
    let mut cells = line.split(',');
    let key = (cells.next()?, cells.next()?);
    let changes = match cells.next()? {
        "any" => Changes::Any,
        "added" => Changes::Added,
        _ => return None,
    };
    Some((key, changes))
}

/// Whether AWS documents that a change of this property keeps the physical resource, although the
/// schema leaves it open; `is_new` says that the property surely was not there before.
pub fn is_changed_in_place(resource_type: &str, property: &str, is_new: bool) -> bool {
    match TABLE.get(&(resource_type, property)) {
        Some(Changes::Any) => true,
        Some(Changes::Added) => is_new,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{PropertyPath, holds, resource_type};

    #[test]
    fn every_line_corrects_a_schema_of_a_type_that_holds_something() {
        let lines: Vec<&str> = include_str!("in_place.csv").lines().skip(1).collect();
        assert_eq!(TABLE.len(), lines.len());
        for ((name, property), _) in TABLE.iter() {
            assert!(holds(name).is_some(), "{name}");
            let conditional = &resource_type(name).expect(name).conditional_create_only;
            let own = PropertyPath(vec![(*property).to_owned()]);
            assert!(conditional.contains(&own), "the schema no longer leaves {name}.{property} open");
        }
        for line in lines {
            let source = line.rsplit(',').next().expect("a line has cells");
            assert!(source.starts_with("https://docs.aws.amazon.com/AWSCloudFormation/"), "{line}");
        }
    }

    #[test]
    fn a_key_for_insights_can_be_given_once() {
        let database = "AWS::RDS::DBInstance";
        assert!(is_changed_in_place(database, "MultiAZ", false));
        assert!(is_changed_in_place(database, "PerformanceInsightsKMSKeyId", true));
        assert!(!is_changed_in_place(database, "PerformanceInsightsKMSKeyId", false));
        assert!(!is_changed_in_place(database, "Engine", true));
    }
}
