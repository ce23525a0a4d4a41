//! Types whose resources hold what a template cannot make again.
//!
//! `stateful.csv` says what they hold, and where the line is from: `cfn-lint` is that project's list
//! (`AdditionalSpecs/StatefulResources.json`), `service` is what the service's documentation says
//! the type stores. A type that is not here may hold something all the same: nobody publishes a
//! complete list.

use std::collections::BTreeMap;
use std::sync::LazyLock;

static TABLE: LazyLock<BTreeMap<&'static str, &'static str>> = LazyLock::new(|| {
    let lines = include_str!("stateful.csv").lines().skip(1);
    lines.filter_map(|line| line.rsplit_once(',')?.0.split_once(',')).collect()
});

/// What is gone with a resource of this type, for example `objects`; `None` where nothing is known
/// to be.
pub fn holds(resource_type: &str) -> Option<&'static str> {
    TABLE.get(resource_type).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{CATALOGUE, is_known};

    #[test]
    fn every_line_is_read_and_of_a_published_type() {
        assert_eq!(TABLE.len(), include_str!("stateful.csv").lines().count() - 1);
        for name in TABLE.keys() {
            assert!(is_known(name), "{name}");
        }
    }

    #[test]
    fn what_cfn_lint_takes_for_stateful_is_here() {
        let missing: Vec<_> =
            CATALOGUE.archive.index.stateful.iter().filter(|name| holds(name).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert_eq!(holds("AWS::S3::Bucket"), Some("objects"));
        assert_eq!(holds("AWS::EC2::VPC"), None);
    }
}
