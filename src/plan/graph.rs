//! Orders instances by what they need, and names cycles.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::model::InstanceName;

/// Each instance with the instances it needs. Needs outside the map are ignored.
pub type Graph = BTreeMap<InstanceName, BTreeSet<InstanceName>>;

/// Instances that need each other in a circle; the last one is the first again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle(pub Vec<InstanceName>);

impl fmt::Display for Cycle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        formatter.write_str(&names.join(" -> "))
    }
}

/// Providers before their dependants; among equals by name.
///
/// # Errors
/// One cycle, where there is any.
pub fn order(graph: &Graph) -> Result<Vec<InstanceName>, Cycle> {
    let dependants = reversed(graph);
    let mut open: BTreeMap<&InstanceName, usize> =
        graph.iter().map(|(name, needs)| (name, inside(graph, needs).count())).collect();
    let mut ready: BTreeSet<&InstanceName> =
        open.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    let mut ordered = Vec::with_capacity(graph.len());
    while let Some(name) = ready.pop_first() {
        ordered.push(name.clone());
        open.remove(name);
        for dependant in dependants.get(name).into_iter().flatten() {
            if let Some(count) = open.get_mut(dependant) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(dependant);
                }
            }
        }
    }
    match open.keys().next() {
        None => Ok(ordered),
        Some(start) => Err(cycle_from(graph, start, &open)),
    }
}

/// Each instance with the instances that need it.
pub fn reversed(graph: &Graph) -> Graph {
    let mut reversed: Graph = graph.keys().map(|name| (name.clone(), BTreeSet::new())).collect();
    for (name, needs) in graph {
        for need in inside(graph, needs) {
            reversed.entry(need.clone()).or_default().insert(name.clone());
        }
    }
    reversed
}

/// Everything that `starts` need, directly or through others, each with the instance that needs it
/// directly. The starts themselves are left out.
pub fn needed_by(graph: &Graph, starts: &BTreeSet<InstanceName>) -> BTreeMap<InstanceName, InstanceName> {
    let mut found = BTreeMap::new();
    let mut open: Vec<&InstanceName> = starts.iter().rev().collect();
    while let Some(name) = open.pop() {
        for need in graph.get(name).into_iter().flat_map(|needs| inside(graph, needs)) {
            if !starts.contains(need) && !found.contains_key(need) {
                found.insert(need.clone(), name.clone());
                open.push(need);
            }
        }
    }
    found
}

fn inside<'a>(graph: &'a Graph, needs: &'a BTreeSet<InstanceName>) -> impl Iterator<Item = &'a InstanceName> {
    needs.iter().filter(|need| graph.contains_key(*need))
}

/// Follows needs among the nodes that could not be ordered: each has at least one such need, so the
/// walk must come back to where it was.
fn cycle_from(graph: &Graph, start: &InstanceName, open: &BTreeMap<&InstanceName, usize>) -> Cycle {
    let mut path: Vec<InstanceName> = vec![start.clone()];
    loop {
        let last = &path[path.len() - 1];
        let Some(next) = graph[last].iter().find(|need| open.contains_key(need)) else {
            return Cycle(path);
        };
        let seen = path.iter().position(|name| name == next);
        path.push(next.clone());
        if let Some(first) = seen {
            return Cycle(path.split_off(first));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        edges
            .iter()
            .map(|(name, needs)| {
                (name.parse().unwrap(), needs.iter().map(|need| need.parse().unwrap()).collect())
            })
            .collect()
    }

    #[test]
    fn providers_come_first_and_equals_by_name() {
        let graph =
            graph(&[("web", &["data", "network"]), ("data", &["network"]), ("a", &[]), ("network", &[])]);
        let ordered: Vec<String> = order(&graph).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(ordered, ["a", "network", "data", "web"]);
    }

    #[test]
    fn a_cycle_is_named_in_full() {
        let graph = graph(&[("z", &["a"]), ("a", &["b"]), ("b", &["c"]), ("c", &["a"])]);
        assert_eq!(order(&graph).unwrap_err().to_string(), "a -> b -> c -> a");
    }

    #[test]
    fn needs_are_followed_through_others() {
        let graph = graph(&[("web", &["data"]), ("data", &["network"]), ("network", &[]), ("other", &[])]);
        let found = needed_by(&graph, &["web".parse().unwrap()].into());
        let found: Vec<String> = found.iter().map(|(need, by)| format!("{need} by {by}")).collect();
        assert_eq!(found, ["data by web", "network by data"]);
    }

    proptest! {
        #[test]
        fn every_need_comes_before_its_dependant(edges in prop::collection::vec((0_u8..30, 0_u8..30), 0..90)) {
            let name = |number: u8| -> InstanceName { format!("unit-{number}").parse().unwrap() };
            let mut graph = Graph::new();
            for (one, other) in edges {
                graph.entry(name(one.min(other))).or_default();
                let needs = graph.entry(name(one.max(other))).or_default();
                if one != other {
                    needs.insert(name(one.min(other)));
                }
            }
            let ordered = order(&graph).unwrap();
            prop_assert_eq!(ordered.len(), graph.len());
            let position = |wanted: &InstanceName| ordered.iter().position(|name| name == wanted);
            for (dependant, needs) in &graph {
                for need in needs {
                    prop_assert!(position(need) < position(dependant));
                }
            }
        }
    }
}
