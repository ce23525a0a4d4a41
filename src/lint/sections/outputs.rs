//! The section `Outputs`.

use serde_json::Value;

use crate::language::parameter_type::ParameterType;
use crate::language::transforms::is_loop;
use crate::language::{Piece, pieces};
use crate::lint::functions::{Call, Function, VALUES, Walk, condition_name};
use crate::lint::path::Path;
use crate::lint::rules::OUTPUT_FORM;
use crate::lint::schema::gives_no_text;
use crate::lint::values::kind;

const KEYS: [&str; 4] = ["Condition", "Description", "Export", "Value"];

/// AWS CloudFormation user guide, "Outputs".
const DESCRIPTION_BYTES: usize = 1_024;

pub(super) fn check(walk: &mut Walk<'_, '_>) {
    walk.logical_names("Outputs", &[]);
    let path = Path::ROOT.key("Outputs");
    for (name, output) in walk.scope.entries("Outputs") {
        walk.owner = ("Outputs", name);
        one(walk, output, &path.key(name));
    }
    for (key, value) in walk.scope.section("Outputs").into_iter().flatten() {
        if is_loop(key) {
            walk.looped(key, value, &path.key(key));
        }
    }
}

fn one<'a>(walk: &mut Walk<'_, 'a>, output: &'a Value, path: &Path<'_>) {
    let Some(map) = walk.map(output, &OUTPUT_FORM, path, "an output") else { return };
    walk.keys(map, &KEYS, &["Value"], &OUTPUT_FORM, path);
    walk.text_at(map, "Description", &OUTPUT_FORM, path);
    walk.text_at(map, "Condition", &OUTPUT_FORM, path);
    if let Some(text) = map.get("Description").and_then(Value::as_str)
        && text.len() > DESCRIPTION_BYTES
    {
        let message = format!("the description has {} bytes, {DESCRIPTION_BYTES} are allowed", text.len());
        walk.report.key(&OUTPUT_FORM, &path.key("Description"), message);
    }
    if let Some(name) = map.get("Condition").and_then(Value::as_str) {
        walk.uses.conditions.insert(name);
        condition_name(walk.scope, name, &path.key("Condition"), walk.report);
    }
    if let Some(value) = map.get("Value") {
        text(walk, value, &path.key("Value"));
        walk.value(value, &path.key("Value"));
    }
    if let Some(export) = map.get("Export") {
        let path = path.key("Export");
        let Some(map) = walk.map(export, &OUTPUT_FORM, &path, "`Export`") else { return };
        walk.keys(map, &["Name"], &["Name"], &OUTPUT_FORM, &path);
        if let Some(name) = map.get("Name") {
            text(walk, name, &path.key("Name"));
            exported_name(walk, name, &path.key("Name"));
        }
    }
}

/// Exports are named before resources exist, but for references to them.
fn exported_name<'a>(walk: &mut Walk<'_, 'a>, name: &'a Value, path: &Path<'_>) {
    let call = Call::of_value(name);
    let is_wrong = match call {
        Some(call) => written_out(call).is_some_and(has_other_characters) && !walk.scope.is_foreign,
        None => name.as_str().is_some_and(|name| name.is_empty() || has_other_characters(name)),
    };
    if is_wrong {
        let message = "the name of an export has letters, digits, colons and hyphens only".to_owned();
        let hint = "change the text, or the values that it is made of";
        walk.report.value(&OUTPUT_FORM, path, message).hint(hint);
    }
    match call {
        Some(call) => {
            walk.call(call, VALUES, path);
        }
        None => walk.value(name, path),
    }
}

/// What is in the text that a call gives, whatever the values are that it puts in.
fn written_out(call: Call<'_>) -> Option<String> {
    match (call.function, call.argument) {
        (Function::Sub, Value::String(text)) => Some(literal_pieces(text)),
        (Function::Sub, Value::Array(parts)) => parts.first()?.as_str().map(literal_pieces),
        (Function::Join, Value::Array(parts)) => {
            let (delimiter, items) = (parts.first()?.as_str()?, parts.get(1)?.as_array()?);
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            let delimiter = if items.len() > 1 { delimiter } else { "" };
            Some(texts.concat() + delimiter)
        }
        _ => None,
    }
}

fn literal_pieces(text: &str) -> String {
    let literal = |piece| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Literal(name) => format!("${{{name}}}"),
        Piece::Name(_) => String::new(),
    };
    pieces(text).into_iter().map(literal).collect()
}

/// AWS CloudFormation user guide, "Outputs", `Export`.
fn has_other_characters(name: impl AsRef<str>) -> bool {
    !name.as_ref().chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, ':' | '-'))
}

/// What an output gives is one text.
fn text(walk: &mut Walk<'_, '_>, value: &Value, path: &Path<'_>) {
    let problem = match Call::of_value(value) {
        None => match value {
            Value::Array(_) | Value::Object(_) | Value::Null => Some(format!("this is {}", kind(value))),
            _ => None,
        },
        Some(call) => match (call.function, call.argument) {
            (Function::Split | Function::GetAzs | Function::Cidr, _) => {
                Some(format!("`{}` gives a list", call.key))
            }
            (Function::Ref, Value::String(name)) => {
                let parameter = walk.scope.parameter_type(name);
                let parsed = parameter.and_then(|kind| kind.parse::<ParameterType>().ok());
                let is_list = parsed.is_some_and(|kind| kind.is_list());
                is_list.then(|| format!("the parameter `{name}` is a list"))
            }
            (Function::If, Value::Array(branches)) if branches.len() == 3 => {
                for (index, branch) in branches.iter().enumerate().skip(1) {
                    let path = path.key(call.key);
                    text(walk, branch, &path.index(index));
                }
                None
            }
            _ if gives_no_text(walk.scope, call) => {
                Some(format!("`{}` gives a number or a boolean", call.key))
            }
            _ => None,
        },
    };
    if let Some(problem) = problem
        && !walk.scope.is_foreign
    {
        walk.report
            .value(&OUTPUT_FORM, path, format!("an output is a text: {problem}"))
            .hint("join a list with `Fn::Join`, or pick an item with `Fn::Select`");
    }
}
