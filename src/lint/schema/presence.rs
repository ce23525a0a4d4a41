//! Whether properties are there: `Fn::If` and `AWS::NoValue` may take them out.

use serde_json::{Map, Value};

use crate::lint::functions::{Call, Function};
use crate::lint::schema::judge::is_no_value;

/// What is known of a property being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Absent,
    /// It hangs on a condition.
    Open,
    Present,
}

/// Whether a property is there.
pub(super) fn presence(entries: &Map<String, Value>, name: &str) -> Presence {
    match entries.get(name) {
        None => Presence::Absent,
        Some(value) if is_no_value(value) => Presence::Absent,
        Some(value) if may_be_absent(value) => Presence::Open,
        Some(_) => Presence::Present,
    }
}

/// Whether a branch of `Fn::If`, at any depth, takes the value out.
pub(super) fn may_be_absent(value: &Value) -> bool {
    match Call::of_value(value) {
        Some(Call { function: Function::If, argument: Value::Array(branches), .. }) => {
            branches.iter().skip(1).any(|branch| is_no_value(branch) || may_be_absent(branch))
        }
        Some(call) => call.function == Function::Ref && is_no_value(value),
        None => false,
    }
}
