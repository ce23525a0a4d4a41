//! How long CloudFormation takes per resource type, from a table of measured means.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is deleted.
    Delete,
}

/// A duration in seconds, and whether it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seconds {
    /// From the table, or derived from what the table says of the same type.
    Known(f64),
    /// The table does not know the type: a guess that reports must list as one.
    Default(f64),
}

impl Seconds {
    /// The number of seconds, measured or not.
    pub fn value(self) -> f64 {
        match self {
            Self::Known(seconds) | Self::Default(seconds) => seconds,
        }
    }
}

/// One line of the table, in seconds.
#[derive(Clone, Copy, Debug)]
struct Row {
    create: f64,
    update: f64,
    delete: Option<f64>,
}

/// For types the table does not know. Half of the known types are made in 2 s or less, but the
/// unknown ones tend to be new and slow, so the guess lies between median and ninth decile.
const DEFAULT: Row = Row { create: 10.0, update: 5.0, delete: None };

/// The means of creations and updates are those of the estimate table of `aws-cloudformation/rain`;
/// deletions are planning values for the slow types.
static TABLE: LazyLock<BTreeMap<&'static str, Row>> =
    LazyLock::new(|| include_str!("durations.csv").lines().skip(1).filter_map(row).collect());

fn row(line: &'static str) -> Option<(&'static str, Row)> {
    let mut fields = line.split(',');
    let resource_type = fields.next()?;
    let create = fields.next()?.parse().ok()?;
    let update = fields.next()?.parse().ok()?;
    let delete = fields.next().and_then(|text| text.parse().ok());
    Some((resource_type, Row { create, update, delete }))
}

/// How long `operation` on one resource of `resource_type` takes.
///
/// A deletion without a planning value takes a third of the creation, at least 1 s and at most
/// 300 s. `Custom::NAME` counts as `AWS::CloudFormation::CustomResource`.
pub fn seconds(resource_type: &str, operation: Operation) -> Seconds {
    let name = if resource_type.starts_with("Custom::") {
        "AWS::CloudFormation::CustomResource"
    } else {
        resource_type
    };
    match TABLE.get(name) {
        Some(row) => Seconds::Known(pick(row, operation)),
        None => Seconds::Default(pick(&DEFAULT, operation)),
    }
}

fn pick(row: &Row, operation: Operation) -> f64 {
    match operation {
        Operation::Create => row.create,
        Operation::Update => row.update,
        Operation::Delete => row.delete.unwrap_or_else(|| (row.create / 3.0).round().clamp(1.0, 300.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        assert_eq!(TABLE.len(), include_str!("durations.csv").lines().count() - 1);
    }

    #[test]
    fn measured_derived_and_guessed_durations() {
        let database = "AWS::RDS::DBInstance";
        assert_eq!(seconds(database, Operation::Create), Seconds::Known(595.0));
        assert_eq!(seconds(database, Operation::Update), Seconds::Known(171.0));
        assert_eq!(seconds(database, Operation::Delete), Seconds::Known(300.0));
        assert_eq!(seconds("AWS::EC2::RouteTable", Operation::Delete), Seconds::Known(4.0));
        assert_eq!(seconds("AWS::New::Thing", Operation::Create), Seconds::Default(10.0));
        assert_eq!(seconds("Custom::Seed", Operation::Create), Seconds::Known(119.0));
    }
}
