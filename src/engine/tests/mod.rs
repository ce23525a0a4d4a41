//! The engine against a cloud that misbehaves on request.

mod asking;
mod deploy;
mod fake;
mod faults;
mod journal;
mod lease;
mod look;
mod proving;
mod remedies;
mod stopping;
mod time;
mod update;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use crate::engine::tests::fake::{Fake, Habits};
use crate::engine::{
    Cloud, Clouds, Event, ExecuteOptions, Outcome, Pace, Recorder, Scope, Settled, Stop, UnitOutcome,
    VerifyOptions, VerifyReport, complete_templates, execute, observe, settle, verify,
};
use crate::model::{DesiredUnit, InstanceName, TargetName};
use crate::plan::fixture::{deploy_context, sealed, teardown_context, unit};
use crate::plan::{self, Observation, Plan};

/// An environment on one misbehaving cloud.
struct World {
    fake: Arc<Fake>,
    clouds: Clouds,
    recorder: Recorder,
    options: ExecuteOptions,
    runs: u32,
}

impl World {
    fn new(habits: Habits) -> Self {
        let fake = Arc::new(Fake::new(habits));
        let pace = if habits.sleeps { Pace::AWS } else { Pace::Virtual };
        let cloud = Cloud::new(fake.clone(), pace);
        let clouds = Clouds { targets: [(TargetName::primary(), cloud)].into(), ..Clouds::default() };
        let options = ExecuteOptions::default();
        Self { fake, clouds, recorder: Recorder::default(), options, runs: 0 }
    }

    fn scope(&self, units: &[DesiredUnit]) -> Scope {
        let names = units.iter().map(|unit| unit.stack.clone()).collect();
        Scope {
            project: "fieldbook".parse().unwrap(),
            environment: "demo".parse().unwrap(),
            wanted: [(TargetName::primary(), names)].into(),
        }
    }

    async fn observe(&self, units: &[DesiredUnit]) -> Observation {
        let scope = self.scope(units);
        let mut observation = observe(&self.clouds, &scope, &self.recorder, &Stop::never()).await.unwrap();
        let settled = settle(&self.clouds, &mut observation, &self.recorder, &Stop::never()).await;
        assert_eq!(settled.unwrap(), Settled::Quiet);
        observation
    }

    async fn plan(&self, units: &[DesiredUnit]) -> Plan {
        self.plan_with(units, plan::Consents::none()).await
    }

    async fn plan_with(&self, units: &[DesiredUnit], consents: plan::Consents) -> Plan {
        let mut observation = self.observe(units).await;
        let context = plan::DeployContext { prune: true, consents, ..deploy_context() };
        let ids =
            plan::wanted_templates(&context.project, &context.environment, &sealed(units), &observation);
        complete_templates(&self.clouds, &mut observation, &ids, &self.recorder, &Stop::never())
            .await
            .unwrap();
        plan::deploy(&sealed(units), &context, &observation).unwrap()
    }

    async fn execute(&mut self, plan: &Plan, stop: &Stop) -> Outcome {
        self.runs += 1;
        let options = ExecuteOptions { run: format!("run {}", self.runs), ..self.options.clone() };
        execute(plan, &self.clouds, &Default::default(), &options, &self.recorder, stop).await.unwrap()
    }

    async fn deploy(&mut self, units: &[DesiredUnit]) -> Outcome {
        let plan = self.plan(units).await;
        self.execute(&plan, &Stop::never()).await
    }

    async fn teardown(&mut self) -> Outcome {
        let mut observation = self.observe(&[]).await;
        let context = teardown_context(crate::model::Protection::Disposable);
        let ids = plan::wanted_templates(&context.project, &context.environment, &[], &observation);
        complete_templates(&self.clouds, &mut observation, &ids, &self.recorder, &Stop::never())
            .await
            .unwrap();
        let plan = plan::teardown(&context, &observation).unwrap();
        self.execute(&plan, &Stop::never()).await
    }

    async fn verify(&self, units: &[DesiredUnit]) -> VerifyReport {
        let observation = self.observe(units).await;
        let options = VerifyOptions { drift: true };
        verify(&self.clouds, &sealed(units), &observation, options, &self.recorder, &Stop::never())
            .await
            .unwrap()
    }

    fn calls(&self, operation: &str) -> usize {
        self.fake.state().calls.get(operation).copied().unwrap_or_default()
    }

    fn all_calls(&self) -> usize {
        self.fake.state().calls.values().sum()
    }

    fn notices(&self) -> Vec<String> {
        let events = self.recorder.events().into_iter();
        events
            .filter_map(|event| match event {
                Event::Notice { message, .. } => Some(message),
                _ => None,
            })
            .collect()
    }
}

/// Ways to vary what the tests' cloud does with a unit.
trait Behave: Sized {
    fn property(self, name: &str, value: serde_json::Value) -> Self;
    fn seconds(self, seconds: f64) -> Self {
        self.property("Seconds", json!(seconds))
    }
    fn failing(self, reason: &str) -> Self {
        self.property("Fail", json!(reason))
    }
}

impl Behave for DesiredUnit {
    fn property(mut self, name: &str, value: serde_json::Value) -> Self {
        self.template["Resources"]["Topic"]["Properties"][name] = value;
        self
    }
}

/// How each instance ended, in a word.
fn told(outcome: &Outcome) -> Vec<String> {
    let word = |outcome: &UnitOutcome| match outcome {
        UnitOutcome::Done => "done".to_owned(),
        UnitOutcome::Unchanged => "unchanged".to_owned(),
        UnitOutcome::WithoutImage { cause } => format!("without its image: {}", cause.reason),
        UnitOutcome::Refused { cause } => format!("refused: {}", cause.reason),
        UnitOutcome::RolledBack { cause } => format!("rolled back: {}", cause.reason),
        UnitOutcome::NeedsHands { cause, .. } => format!("needs hands: {}", cause.reason),
        UnitOutcome::Unannounced { differences } => format!("unannounced: {}", differences.join("; ")),
        UnitOutcome::LeftRunning => "left running".to_owned(),
    };
    let ended = outcome.reports.iter().map(|it| format!("{} {}", it.instance, word(&it.outcome)));
    let skipped = outcome.skipped.iter().map(|it| match &it.because_of {
        Some(cause) => format!("{} skipped because of {cause}", it.instance),
        None => format!("{} skipped", it.instance),
    });
    ended.chain(skipped).collect()
}

fn is_done(outcome: &Outcome) -> bool {
    outcome.skipped.is_empty()
        && outcome.reports.iter().all(|it| matches!(it.outcome, UnitOutcome::Done | UnitOutcome::Unchanged))
}

fn names(units: &[DesiredUnit]) -> BTreeSet<InstanceName> {
    units.iter().map(|unit| unit.instance().clone()).collect()
}

/// The command line may run the engine on any thread.
#[test]
fn futures_can_move_between_threads() {
    fn is_send<T: Send>(_: T) {}
    let world = World::new(Habits::default());
    let (stop, others, options) = (Stop::never(), Default::default(), ExecuteOptions::default());
    let plan = Plan {
        schema: Plan::SCHEMA,
        project: "fieldbook".parse().unwrap(),
        environment: "demo".parse().unwrap(),
        operation: plan::Operation::Deploy,
        protection: crate::model::Protection::Disposable,
        release: None,
        deployment: None,
        actions: Vec::new(),
    };
    is_send(execute(&plan, &world.clouds, &others, &options, &world.recorder, &stop));
    is_send(observe(&world.clouds, &world.scope(&[]), &world.recorder, &stop));
    is_send(verify(
        &world.clouds,
        &[],
        &Observation::default(),
        VerifyOptions::default(),
        &world.recorder,
        &stop,
    ));
}
