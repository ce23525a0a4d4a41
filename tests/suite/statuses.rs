//! Every status of a stack, reached on the embedded engine one by one, and what is done about it: by the
//! table that `docs/recovery.md` shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use rekindle::engine::{
    Cloud, Clouds, ExecuteOptions, Outcome, Pace, Recorder, Scope, Stop, UnitOutcome, complete_templates,
    execute, observe, settle,
};
use rekindle::local::{self, Client};
use rekindle::model::facts::Identity;
use rekindle::model::{Class, DesiredUnit, SealedUnit, StackStatus};
use rekindle::plan::{self, ActionKind, Observation, Plan, PlanError, status_table};
use rekindle::port::CloudFormation;
use serde_json::{Value, json};

use crate::support::context;
use crate::support::reach::{Reach, body, first_resources, recipe, rest, second_resources};

const STACK: &str = "fieldbook-demo-data";

fn unit(resources: Value) -> SealedUnit {
    desired(resources).into()
}

fn desired(resources: Value) -> DesiredUnit {
    let identity = Identity {
        project: "fieldbook".parse().unwrap(),
        environment: "demo".parse().unwrap(),
        instance: "data".parse().unwrap(),
    };
    let template = json!({"Resources": resources, "Outputs": {"Note": {"Value": "standing"}}});
    DesiredUnit::new(identity, Class::Stateless, template.into())
}

fn first() -> SealedUnit {
    unit(first_resources())
}

/// What the source wants.
fn second() -> SealedUnit {
    unit(second_resources())
}

/// An environment of one unit.
struct Scene {
    client: Client,
    clouds: Clouds,
    recorder: Recorder,
}

impl Scene {
    /// A scene in which the unit's stack has this status, and nothing fails any more.
    async fn of(status: &StackStatus) -> Self {
        let (faults, steps) = recipe(status, "data");
        let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        let now = "2026-11-01T10:00:00Z".parse().unwrap();
        let cloud = local::Cloud::in_memory(local::Options { now, faults });
        let client = cloud.client("000000000000".parse().unwrap(), "eu-central-1".parse().unwrap());
        let reached = Cloud::new(Arc::new(client.clone()), Pace::Virtual);
        let clouds =
            Clouds { targets: [("primary".parse().unwrap(), reached)].into(), used: BTreeMap::new() };
        let before = desired(first_resources());
        let bodies = (body(&first(), BTreeMap::new()), body(&second(), BTreeMap::new()));
        let mut reach = Reach { client: &client, unit: &before, bodies, id: String::new() };
        for (number, step) in steps.iter().enumerate() {
            reach.ask(step).await;
            match number + 1 == steps.len() {
                true => reach.wait_for(status).await,
                false => rest(&client, &reach.id).await,
            }
        }
        cloud.set_faults(Vec::new());
        Self { client, clouds, recorder: Recorder::default() }
    }

    async fn look(&self) -> Observation {
        let wanted = [("primary".parse().unwrap(), [STACK.parse().unwrap()].into())].into();
        let scope =
            Scope { project: "fieldbook".parse().unwrap(), environment: "demo".parse().unwrap(), wanted };
        observe(&self.clouds, &scope, &self.recorder, &Stop::never()).await.unwrap()
    }

    async fn look_when_settled(&self, desired: &[SealedUnit]) -> Observation {
        let mut seen = self.look().await;
        settle(&self.clouds, &mut seen, &self.recorder, &Stop::never()).await.unwrap();
        let (project, name) = ("fieldbook".parse().unwrap(), "demo".parse().unwrap());
        let ids = plan::wanted_templates(&project, &name, desired, &seen);
        complete_templates(&self.clouds, &mut seen, &ids, &self.recorder, &Stop::never()).await.unwrap();
        seen
    }

    async fn carry_out(&self, plan: &Plan, run: &str) -> Outcome {
        let options = ExecuteOptions { run: run.to_owned(), ..ExecuteOptions::default() };
        execute(plan, &self.clouds, &BTreeMap::new(), &options, &self.recorder, &Stop::never()).await.unwrap()
    }

    async fn status(&self) -> Option<StackStatus> {
        Some(self.client.describe_stack(STACK).await.unwrap()?.status)
    }
}

fn deploy(seen: &Observation) -> Result<Plan, PlanError> {
    let context = context::deploy();
    plan::deploy(&[second()], &context, seen)
}

fn teardown(seen: &Observation) -> Result<Plan, PlanError> {
    let context = context::teardown();
    plan::teardown(&context, seen)
}

fn action(plan: &Plan) -> Option<ActionKind> {
    plan.actions.first().map(|action| action.action)
}

fn is_done(outcome: &Outcome) -> bool {
    outcome.reports.iter().all(|it| matches!(it.outcome, UnitOutcome::Done | UnitOutcome::Unchanged))
}

/// Does what the row says of a deploy, and checks that it was that.
async fn deploys(status: &StackStatus, says: &str) {
    let scene = Scene::of(status).await;
    if says == "wait, then look again" {
        deploy(&scene.look().await).unwrap_err();
    }
    let planned = deploy(&scene.look_when_settled(&[second()]).await);
    let is_waited_for = says.starts_with("wait");
    let expected = match says.split([',', ';', ':']).next().unwrap() {
        "create" => Some(ActionKind::Create),
        // An update that had begun with what is wanted now has nothing left to do.
        "compare" if *status == StackStatus::UpdateComplete => Some(ActionKind::Keep),
        "compare" => Some(ActionKind::Update),
        "delete" | "delete again" => Some(ActionKind::Replace),
        "stop" => None,
        "wait" => planned.as_ref().ok().and_then(action),
        other => panic!("nobody knows how to check `{other}`"),
    };
    match planned {
        Ok(plan) => {
            assert_eq!(action(&plan), expected, "{status}");
            let outcome = scene.carry_out(&plan, "deploy").await;
            assert!(is_done(&outcome), "{status}: {:?}", outcome.reports);
            assert!(scene.status().await.unwrap().is_healthy(), "{status}");
            let again = deploy(&scene.look_when_settled(&[second()]).await).unwrap();
            assert_eq!(action(&again), Some(ActionKind::Keep), "{status}");
        }
        Err(error) => {
            assert!(expected.is_none() && !is_waited_for, "{status}: {error:?}");
            assert_eq!(scene.status().await.as_ref(), Some(status), "nothing was changed");
        }
    }
}

/// Does what the row says of a teardown and, after it, of the other half of a rebuild.
async fn tears_down_and_rebuilds(status: &StackStatus, says: (&str, &str)) {
    let scene = Scene::of(status).await;
    let is_waited_for = says.0 == "wait, then look again";
    if is_waited_for {
        teardown(&scene.look().await).unwrap_err();
    }
    let plan = teardown(&scene.look_when_settled(&[]).await).unwrap();
    let expected = match says.0 {
        "nothing to do" => None,
        "delete" => Some(ActionKind::Delete),
        "wait, then look again" => action(&plan),
        other => panic!("nobody knows how to check `{other}`"),
    };
    assert_eq!(action(&plan), expected, "{status}");
    assert!(is_done(&scene.carry_out(&plan, "teardown").await), "{status}");
    assert_eq!(scene.status().await, None, "{status}");
    assert!(is_waited_for || says.1.ends_with("create"), "{status}: {}", says.1);
    let plan = deploy(&scene.look_when_settled(&[second()]).await).unwrap();
    assert_eq!(action(&plan), Some(ActionKind::Create), "{status}");
    assert!(is_done(&scene.carry_out(&plan, "rebuild").await), "{status}");
}

#[tokio::test]
async fn every_status_has_the_answer_that_the_table_gives() {
    let rows: BTreeMap<String, _> = status_table().into_iter().map(|row| (row.status.clone(), row)).collect();
    for status in StackStatus::ALL {
        let row = &rows[status.as_str()];
        deploys(status, row.deploy).await;
        tears_down_and_rebuilds(status, (row.teardown, row.rebuild)).await;
    }
}

#[tokio::test]
async fn one_never_heard_of_stops_everything() {
    let scene = Scene::of(&StackStatus::CreateComplete).await;
    let mut seen = scene.look_when_settled(&[]).await;
    for stack in seen.stacks.values_mut().flatten() {
        let status = StackStatus::Unknown("FROZEN".to_owned());
        *stack = Arc::new(rekindle::model::ObservedStack { status, ..(**stack).clone() });
    }
    for error in [deploy(&seen).unwrap_err(), teardown(&seen).unwrap_err()] {
        assert!(error.to_string().contains("FROZEN"), "{error}");
    }
}

#[tokio::test]
async fn absent_is_made_and_has_nothing_to_go() {
    let scene = Scene::of(&StackStatus::DeleteComplete).await;
    let seen = scene.look_when_settled(&[]).await;
    assert!(seen.stacks.values().all(Vec::is_empty));
    assert_eq!(action(&deploy(&seen).unwrap()), Some(ActionKind::Create));
    assert_eq!(action(&teardown(&seen).unwrap()), None);
}
