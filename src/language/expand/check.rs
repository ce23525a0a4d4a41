//! What is refused before anything is expanded.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::language::expand::{ExpandError, Problem};
use crate::language::transforms::{LOOP, is_loop};
use crate::language::value::pointer;

/// Where the transform's functions may stand, in the order in which they are expanded.
pub(super) const SECTIONS: [&str; 3] = ["Conditions", "Resources", "Outputs"];

/// Refuses the transform's functions outside their sections.
pub(super) fn sections(template: &Map<String, Value>) -> Result<(), ExpandError> {
    let elsewhere =
        template.iter().filter(|(name, _)| !SECTIONS.contains(&name.as_str()) && *name != "Transform");
    for (name, value) in elsewhere {
        let found = find(value, &pointer("", name), &mut |key, _| {
            is_loop(key) || matches!(key, "Fn::Length" | "Fn::ToJsonString")
        });
        if let Some((pointer, key)) = found {
            let function = key.split("::").take(2).collect::<Vec<_>>().join("::");
            return Err(ExpandError { pointer, problem: Problem::Section { function } });
        }
    }
    Ok(())
}

/// Refuses names of loops that are used twice, or by a resource.
pub(super) fn loops(template: &Map<String, Value>) -> Result<(), ExpandError> {
    let resources = template.get("Resources").and_then(Value::as_object);
    let mut seen = BTreeSet::new();
    let mut problem = None;
    for name in SECTIONS {
        let Some(section) = template.get(name) else { continue };
        let found = find(section, &pointer("", name), &mut |key, _| {
            let Some(name) = key.strip_prefix(LOOP) else { return false };
            if resources.is_some_and(|resources| resources.contains_key(name)) {
                problem = Some(Problem::LoopIsResource(name.to_owned()));
            } else if !seen.insert(name.to_owned()) {
                problem = Some(Problem::DuplicateLoop(name.to_owned()));
            }
            problem.is_some()
        });
        if let (Some((pointer, _)), Some(problem)) = (found, problem.take()) {
            return Err(ExpandError { pointer, problem });
        }
    }
    Ok(())
}

/// The first key, in the order of the JSON, that `is_wanted`; its pointer and name.
pub(super) fn find<'v>(
    value: &'v Value,
    at: &str,
    is_wanted: &mut dyn FnMut(&str, &Value) -> bool,
) -> Option<(String, &'v str)> {
    match value {
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| find(item, &format!("{at}/{index}"), is_wanted))
        }
        Value::Object(map) => map.iter().find_map(|(key, item)| {
            let at = pointer(at, key);
            if is_wanted(key, item) { Some((at, key.as_str())) } else { find(item, &at, is_wanted) }
        }),
        _ => None,
    }
}
