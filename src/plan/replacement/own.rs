//! What the differences of a resource itself lead to.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Side;
use crate::catalogue::{self, ResourceType, is_changed_in_place, is_custom, published_name};
use crate::model::{Change, ChangeAction, Replacement};

/// Says whether a change replaces its resource, and which properties do not although their schema
/// leaves it open.
pub(super) fn judge(change: &mut Change, before: &Side<'_>, after: &Side<'_>) {
    let mut in_place = Vec::new();
    change.replacement = replacement(change, before, after, &mut in_place);
    change.replacing = in_place;
}

/// `None` where nobody knows: of a type that is not published, and of additions and removals, where
/// there is nothing to know.
fn replacement(
    change: &Change,
    before: &Side<'_>,
    after: &Side<'_>,
    in_place: &mut Vec<String>,
) -> Option<Replacement> {
    if !matches!(change.action, ChangeAction::Modify | ChangeAction::Dynamic) {
        return None;
    }
    let id = change.logical_id.as_str();
    let kind = |side: &Side<'_>| side.resource(id).and_then(|resource| resource.get("Type")).cloned();
    if kind(before) != kind(after) {
        return Some(Replacement::Always);
    }
    let properties: BTreeSet<&str> = change.paths.iter().filter_map(|path| property(path)).collect();
    if is_custom(&change.resource_type) && !properties.is_empty() {
        // Its code decides: whatever id it answers with.
        return Some(Replacement::Conditional);
    }
    let known = catalogue::resource_type(published_name(&change.resource_type))?;
    let by_property = properties.into_iter().map(|name| {
        let found = by_property(known, change, name, before, after);
        let is_new = before.computed(before.property(id, name)) == Some(None);
        if found == Replacement::Conditional && is_changed_in_place(&change.resource_type, name, is_new) {
            in_place.push(format!("Properties.{name}"));
            return Replacement::Never;
        }
        found
    });
    Some(by_property.max().unwrap_or(Replacement::Never))
}

/// The property that a path like `Properties.Tags[1].Value` begins with.
pub(super) fn property(path: &str) -> Option<&str> {
    path.strip_prefix("Properties.")?.split(['.', '[']).next()
}

fn by_property(
    known: &ResourceType,
    change: &Change,
    name: &str,
    before: &Side<'_>,
    after: &Side<'_>,
) -> Replacement {
    let values = (before.property(&change.logical_id, name), after.property(&change.logical_id, name));
    if let (Some(now), Some(then)) = (before.computed(values.0), after.computed(values.1)) {
        return said(known.replacement_by(name, now.as_ref(), then.as_ref()));
    }
    let written = said(known.replacement_by(name, values.0, values.1));
    let reached = change.paths.iter().filter(|path| property(path) == Some(name));
    let reached = reached.filter(|path| values.0 == values.1 || is_inside(path, values));
    let found = reached.map(|path| said(known.replacement(steps(path)))).fold(written, Replacement::max);
    let is_open = values.1.is_some_and(|value| after.is_open(value));
    if is_open { found.min(Replacement::Conditional) } else { found }
}

/// The properties among the differences that replace a resource of this type, or may.
pub(super) fn causes(change: &Change, known: Option<&ResourceType>) -> Vec<String> {
    let replaces = |path: &&String| {
        let by_schema = known.map(|known| known.replacement(steps(path)));
        by_schema.is_some_and(|found| found != catalogue::Replacement::Never)
    };
    let in_place: BTreeSet<&str> = change.replacing.iter().filter_map(|path| property(path)).collect();
    let properties = change.paths.iter().filter(replaces).filter_map(|path| property(path));
    let properties = properties.filter(|property| !in_place.contains(property));
    properties.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether a path leads to values that are written alike and differ only by what they refer to.
fn is_inside(path: &str, (before, after): (Option<&Value>, Option<&Value>)) -> bool {
    let inner = |value: Option<&Value>| {
        let mut value = value?;
        for step in steps(path).into_iter().skip(1) {
            value = match value {
                Value::Array(items) => items.get(step.parse::<usize>().ok()?)?,
                value => value.get(step)?,
            };
        }
        Some(value.clone())
    };
    inner(before) == inner(after)
}

/// The steps of a path, without `Properties`.
fn steps(path: &str) -> Vec<&str> {
    let path = path.strip_prefix("Properties.").unwrap_or(path);
    path.split(['.', '[', ']']).filter(|step| !step.is_empty()).collect()
}

/// The catalogue's word as the plan's.
pub(super) fn said(replacement: catalogue::Replacement) -> Replacement {
    match replacement {
        catalogue::Replacement::Never => Replacement::Never,
        catalogue::Replacement::Conditional => Replacement::Conditional,
        catalogue::Replacement::Always => Replacement::Always,
    }
}
