//! Resources and conditions that need each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::functions::{Needs, Uses};
use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::rules::CIRCULAR_DEPENDENCY;
use crate::lint::scope::Scope;

/// How many names of a circle are told.
const TOLD: usize = 12;

/// How many circles of a section are told: where everything needs everything there are millions.
const MOST: usize = 20;

/// Records circles, each once. What a macro makes of references is its own affair.
pub(super) fn check(scope: &Scope<'_>, uses: &Uses<'_>, report: &mut Report) {
    if scope.is_foreign {
        return;
    }
    for (section, what, needs) in
        [("Conditions", "condition", &uses.condition_needs), ("Resources", "resource", &uses.resource_needs)]
    {
        for circle in circles(needs) {
            let names: Vec<_> = circle.iter().chain(circle.first()).map(|name| format!("`{name}`")).collect();
            let told = if names.len() <= TOLD {
                names.join(" -> ")
            } else {
                let (start, end) = (names[..TOLD - 1].join(" -> "), &names[names.len() - 1]);
                format!("{start} -> ({} more) -> {end}", names.len() - TOLD)
            };
            let path = Path::ROOT.key(section);
            report
                .key(
                    &CIRCULAR_DEPENDENCY,
                    &path.key(circle[0]),
                    format!("each {what} needs the next: {told}"),
                )
                .hint("take one of these references out, or move it into a resource of its own");
        }
    }
}

/// Where the search stands with a name.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    OnPath(usize),
    Done,
}

/// The circles that a depth-first search meets, each from where it was entered. The search keeps
/// its own stack: a chain may be as long as a template has names.
fn circles<'a>(needs: &Needs<'a>) -> Vec<Vec<&'a str>> {
    let none = BTreeSet::new();
    let next_of = |name: &str| needs.get(name).unwrap_or(&none).iter();
    let mut marks: BTreeMap<&str, Mark> = BTreeMap::new();
    let mut found = Vec::new();
    for start in needs.keys() {
        if marks.contains_key(start) {
            continue;
        }
        let (mut path, mut open) = (vec![*start], vec![next_of(start)]);
        marks.insert(start, Mark::OnPath(0));
        while let Some(rest) = open.last_mut().filter(|_| found.len() < MOST) {
            let Some(next) = rest.next() else {
                open.pop();
                marks.extend(path.pop().map(|name| (name, Mark::Done)));
                continue;
            };
            match marks.get(next) {
                Some(Mark::OnPath(position)) => found.push(path[*position..].to_vec()),
                Some(Mark::Done) => {}
                None => {
                    marks.insert(next, Mark::OnPath(path.len()));
                    path.push(next);
                    open.push(next_of(next));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_circle_is_found_once_and_long_chains_are_no_burden() {
        let needs: Needs<'_> = BTreeMap::from([
            ("a", BTreeSet::from(["b"])),
            ("b", BTreeSet::from(["c"])),
            ("c", BTreeSet::from(["a"])),
            ("d", BTreeSet::from(["a", "d"])),
        ]);
        assert_eq!(circles(&needs), [vec!["a", "b", "c"], vec!["d"]]);
        let names: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
        let chain: Needs<'_> =
            names.windows(2).map(|pair| (pair[0].as_str(), BTreeSet::from([pair[1].as_str()]))).collect();
        assert!(circles(&chain).is_empty());
    }
}
