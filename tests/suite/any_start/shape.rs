//! What a case is made of: a graph of units, the status of each one's stack, faults, and what is asked
//! for.

use std::collections::BTreeSet;
use std::fmt;

use proptest::prelude::*;
use rekindle::model::{Class, Protection, StackStatus};

/// One unit: what it needs, how its stack stands, and what the source says of it.
#[derive(Clone)]
pub struct UnitShape {
    /// Numbers of units that it needs; all lower than its own.
    pub needs: BTreeSet<usize>,
    /// Absent when `None`.
    pub status: Option<StackStatus>,
    pub class: Class,
    /// Whether its first version is what the source says, too.
    pub is_unchanged: bool,
    /// Whether the source says nothing of it any more.
    pub is_gone: bool,
    /// Whether it has a bucket, and whether that holds something.
    pub bucket: Option<bool>,
}

impl fmt::Debug for UnitShape {
    /// On one line: a case that fails is read by people.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.as_ref().map_or("absent", StackStatus::as_str);
        write!(formatter, "needs {:?}, {status}, {}", self.needs, self.class)?;
        let unchanged = if self.is_unchanged { ", unchanged" } else { "" };
        let gone = if self.is_gone { ", gone from the source" } else { "" };
        let bucket = match self.bucket {
            None => "",
            Some(true) => ", full bucket",
            Some(false) => ", empty bucket",
        };
        write!(formatter, "{unchanged}{gone}{bucket}")
    }
}

/// Which command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Deploy,
    Teardown,
    Rebuild,
}

/// A whole case.
#[derive(Clone, Debug)]
pub struct Case {
    pub units: Vec<UnitShape>,
    pub protection: Protection,
    pub asked: Asked,
    pub prune: bool,
    /// As `--fail` takes them.
    pub faults: Vec<String>,
    /// The number of a unit whose name somebody else's stack has, where there is none of its own.
    pub squatted: Option<usize>,
    /// Whether the consents to delete data, empty buckets and so on are given.
    pub consents: bool,
    pub jobs: usize,
}

impl Case {
    /// Whether so many calls fail that a first look may be given up.
    pub fn is_hard_of_hearing(&self) -> bool {
        let failing = |trouble: &str| -> u32 {
            let of_it = self.faults.iter().filter(|fault| fault.contains(trouble));
            of_it.filter_map(|fault| fault.rsplit_once('*')?.1.parse::<u32>().ok()).sum()
        };
        failing("=throttled") > 30 || failing("=unwell") + failing("=lost") > 6
    }

    /// Whether anything fails that a retry does not cure.
    pub fn only_disturbs(&self) -> bool {
        let disturbs =
            |fault: &String| ["=throttled", "=unwell"].iter().any(|trouble| fault.contains(trouble));
        self.faults.iter().all(disturbs)
    }
}

fn status() -> impl Strategy<Value = Option<StackStatus>> {
    let any = prop::sample::select(StackStatus::ALL.to_vec()).prop_map(Some);
    let complete = prop::sample::select(vec![StackStatus::CreateComplete, StackStatus::UpdateComplete]);
    prop_oneof![2 => Just(None), 3 => complete.prop_map(Some), 3 => any]
}

fn class() -> impl Strategy<Value = Class> {
    prop_oneof![4 => Just(Class::Stateless), 2 => Just(Class::Data), 1 => Just(Class::Permanent)]
}

fn unit(number: usize) -> impl Strategy<Value = UnitShape> {
    let needs = prop::collection::btree_set(0..number.max(1), 0..=number.min(3));
    let settings = (any::<bool>(), prop::bool::weighted(0.1), prop::option::weighted(0.15, any::<bool>()));
    (needs, status(), class(), settings).prop_map(move |(needs, status, class, settings)| {
        let (is_unchanged, is_gone, bucket) = settings;
        let needs = needs.into_iter().filter(|need| *need < number).collect();
        UnitShape { needs, status, class, is_unchanged, is_gone, bucket }
    })
}

fn fault(units: usize) -> impl Strategy<Value = String> {
    let any_call =
        ["*", "DescribeStacks", "CreateStack", "DescribeStackEvents", "ExecuteChangeSet", "DeleteStack"];
    let writes = [
        "CreateStack",
        "CreateChangeSet",
        "ExecuteChangeSet",
        "UpdateStack",
        "DeleteStack",
        "DeleteChangeSet",
    ];
    let operations = ["", ":update", ":delete", ":rollback", ":stuck", ":not-empty"];
    let select = |words: &[&'static str]| prop::sample::select(words.to_vec());
    prop_oneof![
        3 => (select(&any_call), select(&["throttled", "unwell"]), 1..40_u32)
            .prop_map(|(call, trouble, times)| format!("{call}={trouble}*{}", if trouble == "unwell" { times / 10 + 1 } else { times })),
        2 => (select(&writes), 1..4_u32).prop_map(|(call, times)| format!("{call}=lost*{times}")),
        1 => (1..6_u32).prop_map(|times| format!("DescribeStacks=stale*{times}")),
        1 => (select(&["CreateStack", "ExecuteChangeSet"]), 1..3_u32)
            .prop_map(|(call, times)| format!("{call}=no-rollback*{times}")),
        4 => (0..units, select(&["One", "Two", "New"]), select(&operations), 1..3_u32)
            .prop_map(|(unit, resource, operation, times)| format!("u{unit}.{resource}{operation}*{times}")),
    ]
}

/// Most cases are small, so that there are many; some are as large as it gets.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 1..9_usize, 3 => 9..25_usize, 1 => 25..=60_usize]
}

/// Any case.
pub fn case() -> impl Strategy<Value = Case> {
    size().prop_flat_map(|size| {
        let units: Vec<_> = (0..size).map(unit).collect();
        let protection =
            prop::sample::select(vec![Protection::Disposable, Protection::Standard, Protection::Production]);
        let asked = prop::sample::select(vec![Asked::Deploy, Asked::Teardown, Asked::Rebuild]);
        let faults = prop::collection::vec(fault(size), 0..5);
        let settings = (any::<bool>(), prop::option::weighted(0.05, 0..size), any::<bool>(), 0..4_usize);
        (units, protection, asked, faults, settings).prop_map(
            |(units, protection, asked, faults, settings)| {
                let (prune, squatted, consents, jobs) = settings;
                Case { units: consistent(units), protection, asked, prune, faults, squatted, consents, jobs }
            },
        )
    })
}

/// What the source still has cannot need what it has no more. And of what a deploy prunes no bucket is
/// full: only a teardown looks into buckets, so that such a deletion needs hands for ever.
fn consistent(mut units: Vec<UnitShape>) -> Vec<UnitShape> {
    let gone: BTreeSet<usize> = (0..units.len()).filter(|number| units[*number].is_gone).collect();
    for unit in units.iter_mut().filter(|unit| !unit.is_gone) {
        unit.needs.retain(|need| !gone.contains(need));
    }
    for unit in units.iter_mut().filter(|unit| unit.is_gone) {
        unit.bucket = unit.bucket.map(|_| false);
    }
    units
}
