//! Any environment in any state, under any faults: a deploy, a teardown or a rebuild reaches what was
//! asked for, or says truthfully why not.
//!
//! Every case is drawn from a number that is fixed here, so that a run can be repeated; one that fails is
//! made smaller first.

mod judge;
mod shape;
mod stage;

use std::collections::BTreeSet;
use std::sync::Mutex;

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use rekindle::model::StackStatus;
use rekindle::ui::outcome_view::Verdict;

use self::judge::{Happened, Look, judge};
use self::shape::{Asked, Case, case};
use self::stage::{Ended, Stage};

/// What the cases are drawn from. Another number gives other cases.
const SEED: u64 = 20_261_130;

const CASES: u32 = 150;

#[test]
fn any_environment_in_any_state_ends_well_or_says_why_not() {
    let given = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seed = given("REKINDLE_SEED").unwrap_or(SEED);
    let cases = given("REKINDLE_CASES").map_or(CASES, |cases| u32::try_from(cases).unwrap());
    let configuration = ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let seen = Mutex::new(Seen::default());
    let ended = TestRunner::new(configuration).run(&case(), |case| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(&case, &seen));
        Ok(())
    });
    ended.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let seen = seen.into_inner().unwrap();
    eprintln!("{cases} cases from seed {seed}: {:?}", seen.counts());
    let absent = StackStatus::ALL.iter().filter(|status| !seen.statuses.contains(status.as_str()));
    assert_eq!(absent.collect::<Vec<_>>(), Vec::<&StackStatus>::new(), "no case begins with these");
}

/// What all cases together have gone through.
#[derive(Default)]
struct Seen {
    statuses: BTreeSet<String>,
    verdicts: Vec<String>,
}

impl Seen {
    fn counts(&self) -> std::collections::BTreeMap<&str, usize> {
        let mut counts = std::collections::BTreeMap::new();
        for verdict in &self.verdicts {
            *counts.entry(verdict.as_str()).or_default() += 1;
        }
        counts
    }
}

/// Runs the command of a case under its faults, and then again without them, until it is done.
async fn play(case: &Case, seen: &Mutex<Seen>) {
    let mut stage = Stage::of(case).await;
    let before = Look::at(&stage).await;
    for stack in before.stacks.values() {
        seen.lock().unwrap().statuses.insert(stack.status.to_string());
    }
    if case.units.iter().any(|unit| unit.status == Some(StackStatus::DeleteComplete)) {
        seen.lock().unwrap().statuses.insert(StackStatus::DeleteComplete.to_string());
    }
    stage.arm_faults();
    let ended = stage.run().await;
    stage.disarm();
    let happened = Happened::since(before, &stage, &ended).await;
    judge(case, &ended, &happened);
    let told = match (&ended, ended.verdict()) {
        (_, Some(verdict)) => verdict.as_str().to_owned(),
        (Ended::NoPlan(_), _) => "no plan".to_owned(),
        (Ended::NoAnswer(_), _) => "no answer".to_owned(),
        _ => "no consent".to_owned(),
    };
    if case.only_disturbs() {
        let is_fine = matches!(ended.verdict(), None | Some(Verdict::Succeeded));
        assert!(is_fine, "too many calls are no reason to fail: {}", ended.told());
    }
    seen.lock().unwrap().verdicts.push(told);
    finish(stage, ended).await;
}

/// Without faults the same command comes to its end within two more runs, or is refused.
async fn finish(mut stage: Stage, mut ended: Ended) {
    for _ in 0..3 {
        match (&ended, ended.verdict()) {
            (_, Some(Verdict::Succeeded)) => return is_as_wanted(&mut stage).await,
            (Ended::NoPlan(_) | Ended::NoConsent, _) => return,
            _ => {}
        }
        let before = Look::at(&stage).await;
        ended = stage.run().await;
        let happened = Happened::since(before, &stage, &ended).await;
        judge(&stage.case, &ended, &happened);
    }
    panic!("it does not come to an end: {}", ended.told());
}

fn acted(plan: &rekindle::plan::Plan) -> String {
    let acted = plan.actions.iter().filter(|action| action.action != rekindle::plan::ActionKind::Keep);
    acted
        .map(|action| format!("{} {}: {:?}\n", action.action.as_str(), action.instance, action.reasons))
        .collect()
}

/// What a success must have brought about.
async fn is_as_wanted(stage: &mut Stage) {
    if stage.case.asked != Asked::Teardown {
        let report = stage.verify().await;
        let ours = report
            .units
            .iter()
            .filter(|unit| stage.source().iter().any(|wanted| *wanted.instance() == unit.instance));
        for unit in ours {
            assert!(unit.differences.is_empty(), "{}: {:?}", unit.instance, unit.differences);
        }
        stage.case.asked = Asked::Deploy;
    }
    let Ended::CarriedOut(phases) = stage.run().await else { panic!("there is no plan any more") };
    for (plan, _) in &phases {
        assert!(plan.is_empty(), "a second run has something to do: {}", acted(plan));
    }
}
