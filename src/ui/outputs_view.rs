//! The stacks' outputs, without the one that is rekindle's own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::facts::CARRIER;
use crate::model::{EnvironmentName, InstanceName, ObservedStack};
use crate::ui::table::table;
use crate::ui::{SCHEMA, text};

/// Outputs by instance and name.
pub type Outputs = BTreeMap<InstanceName, BTreeMap<String, String>>;

/// The outputs of the stacks that carry our tags.
pub fn collect<'a>(stacks: impl IntoIterator<Item = &'a ObservedStack>) -> Outputs {
    let own = |stack: &ObservedStack| {
        let outputs = stack.outputs.iter().filter(|(name, _)| *name != CARRIER);
        outputs.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    stacks.into_iter().filter_map(|stack| Some((stack.identity()?.instance, own(stack)))).collect()
}

/// One line per output: `UNIT.NAME` and the value.
pub fn outputs(environment: &EnvironmentName, outputs: &Outputs) -> String {
    let rows: Vec<Vec<String>> = outputs
        .iter()
        .flat_map(|(instance, outputs)| {
            outputs.iter().map(move |(name, value)| vec![format!("{instance}.{name}"), text::clean(value)])
        })
        .collect();
    if rows.is_empty() { format!("{environment} has no outputs.\n") } else { table(&[], rows) }
}

/// The document for programs.
pub fn document(environment: &EnvironmentName, outputs: &Outputs) -> Value {
    json!({"schema": SCHEMA, "environment": environment, "outputs": outputs})
}
