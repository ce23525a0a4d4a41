//! Judges the outputs of a template under the conditions that hold, before an operation begins.
//!
//! May not compute their values: that is for the end of the operation.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::language::{Evaluator, text_of};
use crate::local::context::{Context, PrepareError};
use crate::local::template::OutputDefinition;

/// Refuses outputs that need resources which do not exist or have no text, and names that no export can have.
///
/// # Errors
/// [`PrepareError::Absent`], [`PrepareError::OutputValue`], [`PrepareError::ExportName`]. What is not known
/// before the operation is judged at its end.
pub fn check(context: &Context) -> Result<(), PrepareError> {
    let there = context.template.outputs.iter();
    for (name, output) in there.filter(|(_, output)| context.holds(output.condition.as_ref())) {
        if let Some(name) = absent(context, output) {
            return Err(PrepareError::Absent { name, section: "Outputs" });
        }
        if gives_no_text(context, &output.value) {
            return Err(PrepareError::OutputValue(name.clone()));
        }
        let export = output.export.as_ref().map(|export| &export.name);
        if export.is_some_and(|export| is_malformed(context, export)) {
            return Err(PrepareError::ExportName(name.clone()));
        }
    }
    Ok(())
}

/// A resource that the output needs and whose condition does not hold.
fn absent(context: &Context, output: &OutputDefinition) -> Option<String> {
    let mut needed: BTreeSet<String> = context.refers_to(&output.value);
    needed.extend(output.export.iter().flat_map(|export| context.refers_to(&export.name)));
    let is_absent = |name: &String| {
        let resource = context.template.resources.get(name);
        resource.is_some_and(|resource| !context.holds(resource.condition.as_ref()))
    };
    needed.into_iter().find(is_absent)
}

/// Whether it certainly comes out as `AWS::NoValue`, a list or a map. That CloudFormation says so before
/// anything begins is reported of lists; that it does for `AWS::NoValue` is taken from there.
fn gives_no_text(context: &Context, value: &Value) -> bool {
    let known = Evaluator::new(&context.facts).value(value);
    known.is_ok_and(|value| value.as_ref().and_then(text_of).is_none())
}

/// Source: CloudFormation template reference, "Outputs section syntax", "Export".
fn is_malformed(context: &Context, name: &Value) -> bool {
    let is_fine = |character: char| character.is_ascii_alphanumeric() || matches!(character, ':' | '-');
    match Evaluator::new(&context.facts).value(name) {
        Ok(Some(Value::String(text))) => text.is_empty() || !text.chars().all(is_fine),
        Ok(_) => true,
        // It hangs on a resource.
        Err(_) => false,
    }
}
