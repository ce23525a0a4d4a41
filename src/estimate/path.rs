//! The chain of steps that decides how long it takes, and what shortening its longest one would bring.

use crate::estimate::schedule::{Schedule, Times, Walk, medians};
use crate::estimate::work::{UnitWork, Work};

/// A step by its unit's place and its own.
pub(super) type Place = (usize, usize);

/// The steps that decide the end, from the first to the last. Steps that take no time are left out.
pub(super) fn critical(work: &Work, schedule: &Schedule, times: &Times) -> Vec<Place> {
    let mut path = Vec::new();
    let mut current = last_unit(work, schedule);
    while let Some(place) = current {
        let chain = chain(&work.units[place], &schedule.units[place].ends);
        path.extend(chain.into_iter().filter(|step| times[place][*step] > 0.0).map(|step| (place, step)));
        current = schedule.units[place].after;
    }
    path.reverse();
    path
}

/// The unit that ends last; of several the first by name.
fn last_unit(work: &Work, schedule: &Schedule) -> Option<usize> {
    let units = schedule.units.iter().enumerate();
    let last = units.max_by(|(one, placed), (other, other_placed)| {
        let names = work.units[*other].instance.cmp(&work.units[*one].instance);
        placed.end.total_cmp(&other_placed.end).then(names)
    });
    last.map(|(place, _)| place)
}

/// The steps of one unit that decide its end, from the last to the first.
fn chain(unit: &UnitWork, ends: &[f64]) -> Vec<usize> {
    let later = |one: &usize, other: &usize| {
        ends[*one].total_cmp(&ends[*other]).then(unit.steps[*other].resource.cmp(&unit.steps[*one].resource))
    };
    let mut chain = Vec::new();
    let mut current = (0..unit.steps.len()).max_by(later);
    while let Some(step) = current {
        chain.push(step);
        current = unit.steps[step].needs.iter().copied().max_by(later);
    }
    chain
}

/// What shortening one step brings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shortening {
    /// The step.
    pub step: Place,
    /// Seconds that the whole gets shorter, however short the step becomes.
    pub saves: f64,
    /// The longest step of the path that decides from then on.
    pub then: Option<Place>,
}

/// The step of `path` whose shortening brings most; of equal ones the first.
pub(super) fn long_pole(work: &Work, walk: &Walk<'_>, path: &[Place]) -> Option<Shortening> {
    let times = medians(work);
    let whole = walk.schedule(&times).seconds;
    let mut best: Option<Shortening> = None;
    for step in path {
        let mut shorter = times.clone();
        shorter[step.0][step.1] = 0.0;
        let schedule = walk.schedule(&shorter);
        let saves = (whole - schedule.seconds).max(0.0);
        if best.is_none_or(|best| saves > best.saves) {
            let next = critical(work, &schedule, &shorter);
            let longest = next
                .into_iter()
                .rev()
                .max_by(|one, other| shorter[one.0][one.1].total_cmp(&shorter[other.0][other.1]));
            best = Some(Shortening { step: *step, saves, then: longest });
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::fixture::{unit, work};

    fn name(work: &Work, (unit, step): Place) -> String {
        format!("{} {}", work.units[unit].instance, work.units[unit].steps[step].resource)
    }

    fn example() -> Work {
        work(&[
            unit("network", &[], &[("Vpc", 10.0), ("Subnet", 4.0)]),
            unit("keys", &[], &[("Key", 12.0)]),
            unit("data", &["keys", "network"], &[("Database", 600.0)]),
            unit("cache", &["network"], &[("Cluster", 400.0)]),
            unit("web", &["cache", "data"], &[("Silent", 0.0), ("Balancer", 100.0)]),
        ])
    }

    #[test]
    fn the_path_leads_through_what_ended_last() {
        let work = example();
        let schedule = Walk::new(&work, 0).schedule(&medians(&work));
        let path = critical(&work, &schedule, &medians(&work));
        let told: Vec<String> = path.into_iter().map(|step| name(&work, step)).collect();
        assert_eq!(told, ["network Vpc", "network Subnet", "data Database", "web Balancer"]);
        assert_eq!(schedule.seconds, 714.0);
    }

    #[test]
    fn shortening_the_long_pole_helps_until_another_path_decides() {
        let work = example();
        let walk = Walk::new(&work, 0);
        let path = critical(&work, &walk.schedule(&medians(&work)), &medians(&work));
        let best = long_pole(&work, &walk, &path).unwrap();
        assert_eq!((name(&work, best.step), best.saves), ("data Database".to_owned(), 200.0));
        assert_eq!(name(&work, best.then.unwrap()), "cache Cluster");
    }

    #[test]
    fn with_one_job_at_a_time_everything_is_on_the_path() {
        let work = example();
        let walk = Walk::new(&work, 1);
        let schedule = walk.schedule(&medians(&work));
        assert_eq!(schedule.seconds, 10.0 + 4.0 + 12.0 + 600.0 + 400.0 + 100.0);
        let path = critical(&work, &schedule, &medians(&work));
        assert_eq!(path.len(), 6);
        let best = long_pole(&work, &walk, &path).unwrap();
        assert_eq!(best.saves, 600.0, "nothing runs beside it, so all of it is saved");
    }
}
