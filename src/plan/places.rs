//! Places that the source no longer names, and at which stacks were left by the records.
//!
//! Records never decide what exists: they say where to look besides where the source says.

use std::collections::BTreeMap;

use crate::model::{Environment, InstanceName, LastRecord, Record, Target, TargetName};

/// A place that a target had, by the records, and has no longer by the source.
#[derive(Clone, Debug, PartialEq)]
pub struct FormerPlace {
    /// The target.
    pub target: TargetName,
    /// Where it was.
    pub place: Target,
    /// What was left there.
    pub instances: BTreeMap<InstanceName, LastRecord>,
    /// Whether the source has no target of that name any more, so that the name may stand for this
    /// place. (Of several former places only the last one.)
    pub is_dropped: bool,
}

/// Every place with something left that `environment` does not name. `records` are in their order.
pub fn former_places<'r>(
    environment: &Environment,
    records: impl IntoIterator<Item = &'r Record>,
) -> Vec<FormerPlace> {
    let mut left: Vec<FormerPlace> = Vec::new();
    for record in records {
        for (target, place) in &record.places {
            let at = |former: &FormerPlace| former.target == *target && former.place.is_at(place);
            let mut instances = match left.iter().position(at) {
                // The latest place of a target comes last.
                Some(index) => left.remove(index).instances,
                None => BTreeMap::new(),
            };
            for (instance, last) in record.instances.iter().filter(|(name, _)| name.target == *target) {
                match last {
                    Some(last) => drop(instances.insert(instance.clone(), last.clone())),
                    None => drop(instances.remove(instance)),
                }
            }
            let (target, place) = (target.clone(), place.clone());
            left.push(FormerPlace { target, place, instances, is_dropped: false });
        }
    }
    let is_named = |former: &FormerPlace| {
        environment.targets.get(&former.target).is_some_and(|target| target.is_at(&former.place))
    };
    left.retain(|former| !former.instances.is_empty() && !is_named(former));
    let last: BTreeMap<TargetName, usize> =
        left.iter().enumerate().map(|(index, former)| (former.target.clone(), index)).collect();
    for (target, index) in last {
        left[index].is_dropped = !environment.targets.contains_key(&target);
    }
    left
}

#[cfg(test)]
mod tests {
    use crate::model::{Protection, ProviderKind};

    use super::*;

    fn target(region: &str) -> Target {
        Target {
            provider: ProviderKind::Local,
            account: "000000000000".parse().unwrap(),
            region: region.parse().unwrap(),
            role: None,
            service_role: None,
            artifacts: None,
            notifications: Vec::new(),
        }
    }

    fn environment(targets: &[(&str, &str)]) -> Environment {
        Environment {
            project: "fieldbook".parse().unwrap(),
            name: "demo".parse().unwrap(),
            protection: Protection::Disposable,
            targets: targets.iter().map(|(name, at)| (name.parse().unwrap(), target(at))).collect(),
            uses: BTreeMap::new(),
        }
    }

    /// A run at these places: `+data` stood afterwards, `-data` was gone.
    fn record(places: &[(&str, &str)], instances: &str) -> Record {
        let last = || LastRecord { stack_id: "arn".to_owned(), changed: None };
        let worked_on = |text: &str| (text[1..].parse().unwrap(), text.starts_with('+').then(last));
        crate::model::record::fixture::record(
            places.iter().map(|(name, at)| (name.parse().unwrap(), target(at))).collect(),
            instances.split_whitespace().map(worked_on).collect(),
        )
    }

    #[test]
    fn what_the_source_does_not_name_and_the_records_do() {
        let (one, two, three) = ("eu-west-1", "eu-west-2", "eu-west-3");
        type Places<'a> = &'a [(&'a str, &'a str)];
        type Runs<'a> = &'a [(Places<'a>, &'a str)];
        let table: &[(Places<'_>, Runs<'_>, &[&str])] = &[
            (&[("primary", one)], &[], &[]),
            (&[("primary", one)], &[(&[("primary", one)], "+a")], &[]),
            (
                &[("primary", one)],
                &[(&[("primary", one), ("dr", two)], "+a +a@dr +b@dr"), (&[("dr", two)], "-a@dr")],
                &["dr eu-west-2 dropped: b@dr"],
            ),
            (&[("primary", one)], &[(&[("dr", two)], "+a@dr"), (&[("dr", two)], "-a@dr")], &[]),
            (&[("primary", two)], &[(&[("primary", one)], "+a")], &["primary eu-west-1 moved: a"]),
            // Deployed at the new place: the old one is not forgotten.
            (
                &[("primary", two)],
                &[(&[("primary", one)], "+a"), (&[("primary", two)], "+a")],
                &["primary eu-west-1 moved: a"],
            ),
            (
                &[("primary", two)],
                &[(&[("primary", one)], "+a"), (&[("primary", two)], "+a"), (&[("primary", one)], "-a")],
                &[],
            ),
            (
                &[("primary", three)],
                &[(&[("dr", one)], "+a@dr"), (&[("dr", two)], "+a@dr"), (&[("dr", one)], "+b@dr")],
                &["dr eu-west-2 moved: a@dr", "dr eu-west-1 dropped: a@dr, b@dr"],
            ),
        ];
        for (targets, records, expected) in table {
            let records: Vec<Record> = records.iter().map(|(places, it)| record(places, it)).collect();
            let found = former_places(&environment(targets), &records);
            let told: Vec<String> = found
                .iter()
                .map(|FormerPlace { target, place, instances, is_dropped }| {
                    let names: Vec<String> = instances.keys().map(ToString::to_string).collect();
                    let how = if *is_dropped { "dropped" } else { "moved" };
                    format!("{target} {} {how}: {}", place.region, names.join(", "))
                })
                .collect();
            assert_eq!(told, *expected, "{targets:?}");
        }
    }
}
