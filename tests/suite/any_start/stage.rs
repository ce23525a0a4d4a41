//! Brings the stacks of a case into their statuses, and runs commands on them as the program does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rekindle::engine::{
    Cloud, Clouds, ExecuteOptions, Outcome, Pace, Recorder, Scope, Settled, Stop, VerifyOptions,
    VerifyReport, complete_contents, complete_importers, complete_resources, complete_templates, execute,
    observe, prove, settle, verify,
};
use rekindle::local::{self, Client};
use rekindle::model::facts::Identity;
use rekindle::model::{Binding, DesiredUnit, InstanceName, ObservedStack, Output, SealedUnit, StackStatus};
use rekindle::plan::{
    self, Consent, Consents, DeployContext, Observation, Plan, PlanError, TeardownContext, missing_consents,
};
use rekindle::port::CloudFormation;
use rekindle::ui::outcome_view::{Summary, Verdict};
use serde_json::json;

use super::shape::{Asked, Case};
use crate::support::context;
use crate::support::reach::{Reach, body, first_resources, recipe, rest, second_resources};

/// How a command ended.
#[derive(Debug)]
pub enum Ended {
    /// There was no plan.
    NoPlan(PlanError),
    /// Consents are missing.
    NoConsent,
    /// The clouds did not answer when nothing had begun.
    NoAnswer(String),
    /// Plans were carried out: what was planned, and what came of it.
    CarriedOut(Vec<(Plan, Outcome)>),
}

impl Ended {
    /// What people would be told, in short.
    pub fn told(&self) -> String {
        let Self::CarriedOut(phases) = self else { return format!("{self:?}") };
        let mut told = String::new();
        for (_, outcome) in phases {
            for report in &outcome.reports {
                told += &format!("\n{} {}: {:?}", report.action.as_str(), report.instance, report.outcome);
            }
            for skipped in &outcome.skipped {
                told += &format!("\nskipped {} because of {:?}", skipped.instance, skipped.because_of);
            }
            told += &format!("\nproof: {:?}\n", outcome.proof);
        }
        told
    }

    pub fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::CarriedOut(phases) => Some(Summary::of(phases.iter().map(|(_, outcome)| outcome)).verdict),
            _ => None,
        }
    }
}

/// An account in which a case plays.
pub struct Stage {
    pub case: Case,
    cloud: local::Cloud,
    pub client: Client,
    pub recorder: Recorder,
    runs: u32,
}

impl Stage {
    /// The account with every stack in its status, and the faults of the case armed.
    pub async fn of(case: &Case) -> Self {
        let now = "2026-11-01T10:00:00Z".parse().unwrap();
        let cloud = local::Cloud::in_memory(local::Options { now, faults: Vec::new() });
        let client = cloud.client("000000000000".parse().unwrap(), "eu-central-1".parse().unwrap());
        let stage = Self { case: case.clone(), cloud, client, recorder: Recorder::default(), runs: 0 };
        let busy = |status: &Option<StackStatus>| status.as_ref().is_some_and(StackStatus::is_busy);
        for number in 0..case.units.len() {
            if !busy(&case.units[number].status) {
                stage.bring_to_rest(number).await;
            }
        }
        stage.squat().await;
        stage.set_in_motion().await;
        stage
    }

    fn arm(&self, faults: &[String]) {
        self.cloud.set_faults(faults.iter().map(|fault| fault.parse().unwrap()).collect());
    }

    /// From now on what the case says goes wrong.
    pub fn arm_faults(&self) {
        self.arm(&self.case.faults);
    }

    /// From now on nothing goes wrong.
    pub fn disarm(&self) {
        self.arm(&[]);
    }

    async fn reach<'r>(&'r self, number: usize, unit: &'r DesiredUnit) -> Reach<'r> {
        let (first, second) = (self.version(number, 1), self.version(number, 2));
        let bodies = (
            body(&first.clone().into(), self.values(&first).await),
            body(&second.clone().into(), self.values(&second).await),
        );
        Reach { client: &self.client, unit, bodies, id: String::new() }
    }

    /// The values that parameters have now; of what does not stand, something else.
    async fn values(&self, unit: &DesiredUnit) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        for (name, binding) in &unit.parameters {
            let instance = &binding.output().unwrap().instance;
            let stack = self.client.describe_stack(&stack_name(instance)).await.unwrap();
            let value = stack.and_then(|stack| stack.outputs.get("Arn").cloned());
            values.insert(name.clone(), value.unwrap_or_else(|| "nothing".to_owned()));
        }
        values
    }

    async fn bring_to_rest(&self, number: usize) {
        let Some(status) = &self.case.units[number].status else { return };
        let unit = self.version(number, 1);
        let mut reach = self.reach(number, &unit).await;
        let (faults, steps) = recipe(status, &format!("u{number}"));
        self.arm(&faults);
        for step in steps {
            reach.ask(step).await;
            if *status != StackStatus::ReviewInProgress {
                rest(&self.client, &reach.id).await;
            }
        }
        self.disarm();
        let found = self.client.describe_stack(&reach.id).await.unwrap().unwrap();
        assert_eq!(found.status, *status);
        if self.case.units[number].bucket == Some(true) && found.status.is_healthy() {
            // What was imported has no such bucket.
            drop(self.client.fill(&reach.id, "Store", 3).await);
        }
    }

    /// Somebody else's stack, of a name that a unit wants.
    async fn squat(&self) {
        let Some(number) = self.case.squatted else { return };
        let unit = self.version(number, 1);
        if self.client.describe_stack(unit.stack.as_str()).await.unwrap().is_some()
            || self.case.units[number].status.is_some()
        {
            return;
        }
        let mut reach = self.reach(number, &unit).await;
        reach.bodies.0.tags = BTreeMap::new();
        reach.ask("create").await;
        rest(&self.client, &reach.id).await;
    }

    /// Begins what shall be under way, and stops when the first of them has exactly its status.
    async fn set_in_motion(&self) {
        let is_busy =
            |number: &usize| self.case.units[*number].status.as_ref().is_some_and(StackStatus::is_busy);
        let moving: Vec<usize> = (0..self.case.units.len()).filter(is_busy).collect();
        let units: Vec<DesiredUnit> = moving.iter().map(|number| self.version(*number, 1)).collect();
        let (mut reaches, mut all) = (Vec::new(), Vec::new());
        for (number, unit) in moving.iter().zip(&units) {
            let status = self.case.units[*number].status.as_ref().unwrap();
            let (faults, steps) = recipe(status, &format!("u{number}"));
            let mut reach = self.reach(*number, unit).await;
            let (last, before) = steps.split_last().unwrap();
            for step in before {
                reach.ask(step).await;
                rest(&self.client, &reach.id).await;
            }
            all.extend(faults);
            reaches.push((reach, *last));
        }
        self.arm(&all);
        for (reach, last) in &mut reaches {
            reach.ask(last).await;
        }
        if let Some((reach, _)) = reaches.first() {
            let status = self.case.units[moving[0]].status.as_ref().unwrap();
            reach.wait_for(status).await;
        }
        self.disarm();
    }

    /// A unit as it was first (1) or as it was changed to (2).
    fn version(&self, number: usize, version: u8) -> DesiredUnit {
        let shape = &self.case.units[number];
        let identity = Identity {
            project: "fieldbook".parse().unwrap(),
            environment: "demo".parse().unwrap(),
            instance: instance(number),
        };
        let mut resources = if version == 1 { first_resources() } else { second_resources() };
        if shape.bucket.is_some() {
            resources["Store"] =
                json!({"Type": "AWS::S3::Bucket", "Properties": {"BucketName": format!("store-u{number}")}});
        }
        let mut template = json!({"Resources": resources, "Outputs": {"Arn": {"Value": {"Ref": "One"}}}});
        for need in &shape.needs {
            template["Parameters"][format!("U{need}")] = json!({"Type": "String"});
        }
        if let Some(need) = shape.needs.first() {
            template["Resources"]["Two"]["Properties"] =
                json!({"DisplayName": {"Fn::Sub": format!("{version} ${{U{need}}}")}});
        }
        let mut unit = DesiredUnit::new(identity, shape.class, template.into());
        for need in &shape.needs {
            unit.needs.insert(instance(*need));
            let output = Output { environment: None, instance: instance(*need), name: "Arn".to_owned() };
            unit.parameters.insert(format!("U{need}"), Binding::Output(output));
        }
        unit
    }

    /// What the source says.
    pub fn source(&self) -> Vec<SealedUnit> {
        let units = self.case.units.iter().enumerate().filter(|(_, shape)| !shape.is_gone);
        units
            .map(|(number, shape)| self.version(number, if shape.is_unchanged { 1 } else { 2 }).into())
            .collect()
    }

    fn clouds(&self) -> Clouds {
        let pace = if self.cloud.answers_badly() { Pace::AWS } else { Pace::Virtual };
        let reached = Cloud::new(Arc::new(self.client.clone()), pace);
        Clouds { targets: [("primary".parse().unwrap(), reached)].into(), used: BTreeMap::new() }
    }

    fn consents(&self) -> Consents {
        let kinds =
            [Consent::DeleteData, Consent::DeleteUnknown, Consent::EmptyBuckets, Consent::AllowReplacement];
        let units = 0..self.case.units.len();
        let all = units.flat_map(|number| kinds.map(|kind| (kind, instance(number))));
        if self.case.consents { all.collect() } else { Consents::none() }
    }

    async fn look(&self, clouds: &Clouds, source: &[SealedUnit]) -> Result<Observation, Ended> {
        let names: BTreeSet<_> = source.iter().map(|unit| unit.stack.clone()).collect();
        let wanted = [("primary".parse().unwrap(), names)].into();
        let scope =
            Scope { project: "fieldbook".parse().unwrap(), environment: "demo".parse().unwrap(), wanted };
        let (sink, stop) = (&self.recorder, Stop::never());
        let mut seen = observe(clouds, &scope, sink, &stop).await.map_err(no_answer)?;
        let settled = settle(clouds, &mut seen, sink, &stop).await.map_err(no_answer)?;
        assert_eq!(settled, Settled::Quiet);
        Ok(seen)
    }

    async fn complete_for_teardown(&self, clouds: &Clouds, seen: &mut Observation) -> Result<(), Ended> {
        let (project, name) = ("fieldbook".parse().unwrap(), "demo".parse().unwrap());
        let (sink, stop) = (&self.recorder, Stop::never());
        let ids = plan::standing_ids(&project, &name, seen);
        complete_templates(clouds, seen, &ids, sink, &stop).await.map_err(no_answer)?;
        complete_resources(clouds, seen, &ids, sink, &stop).await.map_err(no_answer)?;
        let exported = plan::exported(seen);
        complete_importers(clouds, seen, &exported, sink, &stop).await.map_err(no_answer)?;
        complete_contents(clouds, seen, sink, &stop).await.map_err(no_answer)
    }

    async fn plan_deploy(&self, clouds: &Clouds, seen: &mut Observation) -> Result<Plan, Ended> {
        let (project, name) = ("fieldbook".parse().unwrap(), "demo".parse().unwrap());
        let source = self.source();
        let ids = plan::wanted_templates(&project, &name, &source, seen);
        let (sink, stop) = (&self.recorder, Stop::never());
        complete_templates(clouds, seen, &ids, sink, &stop).await.map_err(no_answer)?;
        let context = DeployContext {
            protection: self.case.protection,
            prune: self.case.prune,
            looks_for_drift: false,
            consents: self.consents(),
            ..context::deploy()
        };
        let plan = plan::deploy(&source, &context, seen).map_err(Ended::NoPlan)?;
        if missing_consents(&plan).is_empty() { Ok(plan) } else { Err(Ended::NoConsent) }
    }

    fn plan_teardown(&self, seen: &Observation) -> Result<Plan, Ended> {
        let context = TeardownContext {
            restore: None,
            protection: self.case.protection,
            consents: self.consents(),
            ..context::teardown()
        };
        plan::teardown(&context, seen).map_err(Ended::NoPlan)
    }

    async fn carry_out(&mut self, clouds: &Clouds, plan: &Plan, seen: &Observation) -> Outcome {
        self.runs += 1;
        let options = ExecuteOptions {
            run: format!("run {}", self.runs),
            jobs: self.case.jobs,
            ..ExecuteOptions::default()
        };
        let (sink, stop) = (&self.recorder, Stop::never());
        let mut outcome = execute(plan, clouds, &BTreeMap::new(), &options, sink, &stop).await.unwrap();
        outcome.proof = prove(clouds, plan, seen, &outcome, sink, &stop).await;
        outcome
    }

    /// Runs the command of the case.
    pub async fn run(&mut self) -> Ended {
        self.try_to_run().await.unwrap_or_else(|early| early)
    }

    async fn try_to_run(&mut self) -> Result<Ended, Ended> {
        let (clouds, source) = (self.clouds(), self.source());
        let mut phases = Vec::new();
        if self.case.asked != Asked::Deploy {
            let wanted = if self.case.asked == Asked::Rebuild { &source[..] } else { &[] };
            let mut seen = self.look(&clouds, wanted).await?;
            self.complete_for_teardown(&clouds, &mut seen).await?;
            let plan = self.plan_teardown(&seen)?;
            if self.case.asked == Asked::Rebuild {
                self.plan_deploy(&clouds, &mut seen.clone().after_deletions(&plan)).await?;
            }
            let outcome = self.carry_out(&clouds, &plan, &seen).await;
            phases.push((plan, outcome));
        }
        let is_well = Summary::of(phases.iter().map(|(_, outcome)| outcome)).verdict == Verdict::Succeeded;
        if self.case.asked != Asked::Teardown && is_well {
            let mut seen = self.look(&clouds, &source).await?;
            let plan = self.plan_deploy(&clouds, &mut seen).await?;
            let outcome = self.carry_out(&clouds, &plan, &seen).await;
            phases.push((plan, outcome));
        }
        Ok(Ended::CarriedOut(phases))
    }

    pub async fn verify(&self) -> VerifyReport {
        let (clouds, source) = (self.clouds(), self.source());
        let seen = self.look(&clouds, &source).await.unwrap();
        let options = VerifyOptions { drift: true };
        verify(&clouds, &source, &seen, options, &self.recorder, &Stop::never()).await.unwrap()
    }

    /// Every stack that is there.
    pub async fn stacks(&self) -> Vec<ObservedStack> {
        let (mut found, mut page) = (Vec::new(), None);
        loop {
            let read = self.client.describe_stacks(page.as_deref()).await.unwrap();
            found.extend(read.items);
            page = read.next;
            if page.is_none() {
                return found;
            }
        }
    }
}

fn no_answer(error: impl std::fmt::Debug) -> Ended {
    Ended::NoAnswer(format!("{error:?}"))
}

/// The instance of that number.
pub fn instance(number: usize) -> InstanceName {
    format!("u{number}").parse().unwrap()
}

fn stack_name(instance: &InstanceName) -> String {
    format!("fieldbook-demo-{}", instance.unit)
}
