//! The order of instances: who needs whom, and no circles.

use std::collections::BTreeMap;

use crate::manifest::source::Position;
use crate::model::{Diagnostic, InstanceName};

/// What each instance needs, and where that is said.
pub type Needs = BTreeMap<InstanceName, BTreeMap<InstanceName, Position>>;

/// The problem of a circle, if there is one: named in full, with every place.
pub fn cycle(needs: &Needs) -> Option<Diagnostic> {
    let path = find_cycle(needs)?;
    let mut steps = path.iter().zip(path.iter().cycle().skip(1));
    let places: Vec<String> =
        steps.by_ref().map(|(from, to)| format!("`{from}` needs `{to}` at {}", needs[from][to])).collect();
    let names: Vec<String> = path.iter().chain(path.first()).map(ToString::to_string).collect();
    let first = &needs[&path[0]][path.get(1).unwrap_or(&path[0])];
    Some(
        Diagnostic::error("cycle", format!("units need each other in a circle: `{}`", names.join(" -> ")))
            .at(first.place())
            .hint(format!("remove one of the references: {}", places.join("; "))),
    )
}

/// Takes away what needs nothing that is left, again and again. Whatever stays needs something
/// that stays, so following any need runs into a circle.
fn find_cycle(needs: &Needs) -> Option<Vec<InstanceName>> {
    let mut open: BTreeMap<&InstanceName, usize> =
        needs.iter().map(|(instance, needed)| (instance, needed.len())).collect();
    let mut dependants: BTreeMap<&InstanceName, Vec<&InstanceName>> = BTreeMap::new();
    for (instance, needed) in needs {
        for need in needed.keys() {
            dependants.entry(need).or_default().push(instance);
        }
    }
    let mut free: Vec<&InstanceName> =
        open.iter().filter(|(_, count)| **count == 0).map(|(instance, _)| *instance).collect();
    while let Some(instance) = free.pop() {
        open.remove(instance);
        for dependant in dependants.get(instance).into_iter().flatten() {
            if let Some(count) = open.get_mut(dependant) {
                *count -= 1;
                if *count == 0 {
                    free.push(dependant);
                }
            }
        }
    }
    let mut path = vec![*open.keys().next()?];
    loop {
        let next = needs[path[path.len() - 1]].keys().find(|need| open.contains_key(need))?;
        if let Some(start) = path.iter().position(|seen| *seen == next) {
            return Some(path[start..].iter().map(|instance| (*instance).clone()).collect());
        }
        path.push(next);
    }
}
