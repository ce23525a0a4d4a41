//! What the tests' cloud says a change set would do.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{Change, ChangeAction, Replacement};

pub(super) fn compare(before: &str, after: &str) -> Vec<Change> {
    let resources = |text: &str| serde_json::from_str::<Value>(text).unwrap()["Resources"].take();
    let (before, after) = (resources(before), resources(after));
    let keys = |value: &Value| -> BTreeSet<String> { value.as_object().unwrap().keys().cloned().collect() };
    let all: BTreeSet<String> = keys(&before).union(&keys(&after)).cloned().collect();
    all.into_iter().filter_map(|id| change(&id, before.get(&id), after.get(&id))).collect()
}

fn change(id: &str, before: Option<&Value>, after: Option<&Value>) -> Option<Change> {
    let (action, replacement) = match (before, after) {
        (None, _) => (ChangeAction::Add, None),
        (_, None) => (ChangeAction::Remove, None),
        (Some(before), Some(after)) if before == after => return None,
        (Some(before), Some(after)) => {
            let kinds = [before, after].map(|it| &it["Properties"]["Kind"]);
            let replaces = kinds[0] != kinds[1];
            (ChangeAction::Modify, Some(if replaces { Replacement::Always } else { Replacement::Never }))
        }
    };
    let resource_type = "AWS::SNS::Topic".to_owned();
    let (paths, replacing) = (Vec::new(), Vec::new());
    Some(Change { action, logical_id: id.to_owned(), resource_type, replacement, paths, replacing })
}
