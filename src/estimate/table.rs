//! What is known of durations before anything was ever made: a table of means by type, and planning
//! values of how slow the slow types are at times.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::model::ResourceOperation;

/// What a table says of one operation on resources of one type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mean {
    /// Seconds, measured or derived from what was measured of the type.
    Known(f64),
    /// The type is not in the table: seconds that every report must call a guess.
    Guess(f64),
}

/// A table of means. The estimate sees it only through this, so that it does not matter who keeps it.
pub type Table = fn(resource_type: &str, operation: ResourceOperation) -> Mean;

/// How many times as long as the median the ninth decile is where nothing is known. Source: the
/// median of that ratio among the creations of `slow.csv`, waits left out.
pub const SPREAD: f64 = 1.75;

/// A planning value further out than this is no spread. It is a wait for something outside, such as
/// a validation by mail or a network interface that somebody still uses.
const WIDEST: f64 = 6.0;

/// Planning values of the ninth decile, in seconds.
#[derive(Clone, Copy, Debug)]
struct Slow {
    create: f64,
    delete: f64,
}

static SLOW: LazyLock<BTreeMap<&'static str, Slow>> =
    LazyLock::new(|| include_str!("slow.csv").lines().skip(1).filter_map(row).collect());

fn row(line: &'static str) -> Option<(&'static str, Slow)> {
    let mut fields = line.split(',');
    let resource_type = fields.next()?;
    let (create, delete) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((resource_type, Slow { create, delete }))
}

/// The ninth decile of an operation whose median is `p50`, without records.
pub(super) fn slow_seconds(resource_type: &str, operation: ResourceOperation, p50: f64) -> f64 {
    let planned = SLOW.get(resource_type).and_then(|slow| match operation {
        ResourceOperation::Create => Some(slow.create),
        ResourceOperation::Delete => Some(slow.delete),
        ResourceOperation::Update => None,
    });
    planned.filter(|p90| *p90 > p50 && *p90 <= p50 * WIDEST).unwrap_or(p50 * SPREAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_planning_values_is_read() {
        assert_eq!(SLOW.len(), include_str!("slow.csv").lines().count() - 1);
    }

    #[test]
    fn a_planning_value_counts_unless_it_is_a_wait_for_something_outside() {
        let create = ResourceOperation::Create;
        assert_eq!(slow_seconds("AWS::RDS::DBInstance", create, 595.0), 900.0);
        assert_eq!(slow_seconds("AWS::RDS::DBInstance", ResourceOperation::Update, 100.0), 175.0);
        assert_eq!(slow_seconds("AWS::CertificateManager::Certificate", create, 239.0), 239.0 * SPREAD);
        assert_eq!(slow_seconds("AWS::SNS::Topic", create, 10.0), 17.5);
    }
}
