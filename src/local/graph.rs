//! Orders resources by what they need.

use std::collections::{BTreeMap, BTreeSet};

/// What each node needs. Every name in a value is also a key.
pub type Dependencies = BTreeMap<String, BTreeSet<String>>;

/// All nodes, each after what it needs; equal ones in the order of their names.
///
/// # Errors
/// The nodes that form or follow a cycle.
pub fn order(dependencies: &Dependencies) -> Result<Vec<String>, Vec<String>> {
    let mut missing: BTreeMap<&str, usize> =
        dependencies.iter().map(|(node, needs)| (node.as_str(), needs.len())).collect();
    let dependants = reversed(dependencies);
    let mut ready: BTreeSet<&str> =
        missing.iter().filter(|(_, count)| **count == 0).map(|(node, _)| *node).collect();
    let mut ordered = Vec::with_capacity(dependencies.len());
    while let Some(node) = ready.pop_first() {
        missing.remove(node);
        ordered.push(node.to_owned());
        for dependant in dependants.get(node).into_iter().flatten() {
            if let Some(count) = missing.get_mut(dependant.as_str()) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(dependant);
                }
            }
        }
    }
    if missing.is_empty() { Ok(ordered) } else { Err(missing.into_keys().map(str::to_owned).collect()) }
}

/// The same edges the other way round: who needs a node.
pub fn reversed(dependencies: &Dependencies) -> Dependencies {
    let mut reversed: Dependencies =
        dependencies.keys().map(|node| (node.clone(), BTreeSet::new())).collect();
    for (node, needs) in dependencies {
        for need in needs {
            reversed.entry(need.clone()).or_default().insert(node.clone());
        }
    }
    reversed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Edges from higher to lower numbers never form a cycle.
        #[test]
        fn needs_come_first(edges in prop::collection::vec((0u8..20, 0u8..20), 0..60)) {
            let mut dependencies: Dependencies =
                (0..20).map(|node| (format!("n{node:02}"), BTreeSet::new())).collect();
            for (a, b) in edges.iter().filter(|(a, b)| a != b) {
                let needs = dependencies.get_mut(&format!("n{:02}", a.max(b))).unwrap();
                needs.insert(format!("n{:02}", a.min(b)));
            }
            let ordered = order(&dependencies).unwrap();
            prop_assert_eq!(ordered.len(), dependencies.len());
            for (index, node) in ordered.iter().enumerate() {
                prop_assert!(dependencies[node].iter().all(|need| ordered[..index].contains(need)));
            }
        }
    }

    #[test]
    fn a_cycle_is_named() {
        let needs = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let dependencies: Dependencies = [("a", needs(&["b"])), ("b", needs(&["a"])), ("c", needs(&[]))]
            .map(|(node, needs)| (node.to_owned(), needs))
            .into();
        assert_eq!(order(&dependencies), Err(vec!["a".to_owned(), "b".to_owned()]));
    }
}
