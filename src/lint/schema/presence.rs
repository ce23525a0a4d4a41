//! Whether properties are there: `Fn::If` and `AWS::NoValue` may take them out.

use serde_json::{Map, Value};

use crate::lint::functions::{Call, Function};
use crate::lint::schema::judge::is_no_value;
use crate::lint::worlds::Asked;

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

/// How conditions have to come out so that a value is taken out, for each way there is.
pub(super) fn ways_out(value: &Value) -> Vec<Asked> {
    let Some(Call { function: Function::If, argument: Value::Array(branches), .. }) = Call::of_value(value)
    else {
        return if is_no_value(value) { vec![Asked::new()] } else { Vec::new() };
    };
    let [condition, branches @ ..] = branches.as_slice() else { return Vec::new() };
    let Some(condition) = condition.as_str() else { return Vec::new() };
    let each = branches.iter().zip([true, false]);
    each.flat_map(|(branch, comes_out)| {
        ways_out(branch).into_iter().map(move |mut way| {
            way.push((condition.to_owned(), comes_out));
            way
        })
    })
    .collect()
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
