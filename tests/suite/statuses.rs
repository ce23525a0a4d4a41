//! Every status of a stack, reached on the embedded engine one by one, and what is done about it: by the
//! table that `docs/recovery.md` shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rekindle::engine::{
    Cloud, Clouds, ExecuteOptions, Outcome, Pace, Recorder, Scope, Stop, UnitOutcome, complete_templates,
    execute, observe, settle,
};
use rekindle::local::{self, Client};
use rekindle::model::facts::Identity;
use rekindle::model::{Class, DesiredUnit, Digest, SealedUnit, StackStatus};
use rekindle::plan::{self, ActionKind, Observation, Plan, PlanError, status_table};
use rekindle::port::{ChangeSetStatus, CloudFormation, CreateStack, DeleteStack, StackBody, UpdateStack};
use serde_json::{Value, json};

use crate::support::context;

const STACK: &str = "fieldbook-demo-data";

fn unit(resources: Value) -> SealedUnit {
    let identity = Identity {
        project: "fieldbook".parse().unwrap(),
        environment: "demo".parse().unwrap(),
        instance: "data".parse().unwrap(),
    };
    let template = json!({"Resources": resources, "Outputs": {"Note": {"Value": "standing"}}});
    DesiredUnit::new(identity, Class::Stateless, template.into()).into()
}

fn topic(name: &str, after: &[&str]) -> Value {
    json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}, "DependsOn": after})
}

fn first() -> SealedUnit {
    unit(json!({"One": topic("first", &[]), "Two": topic("first", &["One"]), "Old": topic("old", &[])}))
}

/// What the source wants: it changes `One` before `Two`, makes `New` before both, and has no `Old`.
fn second() -> SealedUnit {
    unit(
        json!({"New": topic("new", &[]), "One": topic("second", &["New"]), "Two": topic("second", &["One"])}),
    )
}

fn body(unit: &SealedUnit) -> StackBody {
    let facts = unit.facts(&BTreeMap::new(), Digest::of("release"));
    StackBody {
        template: unit.sent_template(&facts),
        parameters: BTreeMap::new(),
        kept_parameters: BTreeSet::new(),
        tags: unit.all_tags(),
        capabilities: Vec::new(),
        service_role: None,
        notifications: Vec::new(),
    }
}

/// An import may not bring outputs: the stack's facts are in its template alone.
fn import_body(resources: Value) -> StackBody {
    let mut body = body(&unit(resources));
    let mut template: Value = serde_json::from_str(&body.template).unwrap();
    template.as_object_mut().unwrap().remove("Outputs");
    body.template = template.to_string();
    body
}

fn bucket(name: &str, after: &[&str]) -> Value {
    json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": name},
        "DependsOn": after})
}

/// How a stack gets into a status: faults, and what is asked for in turn.
fn recipe(status: &StackStatus) -> (&'static [&'static str], &'static [&'static str]) {
    use StackStatus as S;
    match status {
        S::CreateInProgress | S::CreateComplete => (&[], &["create"]),
        S::CreateFailed => (&["CreateStack=no-rollback", "data.Two*1"], &["create"]),
        S::RollbackInProgress | S::RollbackComplete => (&["data.Two*1"], &["create"]),
        S::RollbackFailed => (&["data.Two*1", "data.One:delete*1"], &["create"]),
        S::DeleteInProgress | S::DeleteComplete => (&[], &["create", "delete"]),
        S::DeleteFailed => (&["data.One:delete*1"], &["create", "delete"]),
        S::UpdateInProgress | S::UpdateCompleteCleanupInProgress | S::UpdateComplete => {
            (&[], &["create", "update"])
        }
        S::UpdateFailed => (&["UpdateStack=no-rollback", "data.Two:update*1"], &["create", "update"]),
        S::UpdateRollbackInProgress
        | S::UpdateRollbackCompleteCleanupInProgress
        | S::UpdateRollbackComplete => (&["data.Two:update*1"], &["create", "update"]),
        S::UpdateRollbackFailed => (&["data.Two:update*1", "data.One:rollback*1"], &["create", "update"]),
        S::ReviewInProgress => (&[], &["review"]),
        S::ImportInProgress | S::ImportComplete => (&[], &["orphan", "import"]),
        S::ImportRollbackInProgress | S::ImportRollbackComplete => (&[], &["orphan", "import absent"]),
        S::ImportRollbackFailed => (&["data.Bucket:rollback*1"], &["orphan", "import absent"]),
        S::Unknown(status) => panic!("the embedded engine has no {status}"),
    }
}

/// An environment of one unit.
struct Scene {
    cloud: local::Cloud,
    client: Client,
    clouds: Clouds,
    recorder: Recorder,
    /// ARN of the stack that was brought into a status.
    id: String,
}

impl Scene {
    /// A scene in which the unit's stack has this status, and nothing fails any more.
    async fn of(status: &StackStatus) -> Self {
        let (faults, steps) = recipe(status);
        let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        let now = "2026-11-01T10:00:00Z".parse().unwrap();
        let cloud = local::Cloud::in_memory(local::Options { now, faults });
        let client = cloud.client("000000000000".parse().unwrap(), "eu-central-1".parse().unwrap());
        let reached = Cloud::new(Arc::new(client.clone()), Pace::Virtual);
        let clouds =
            Clouds { targets: [("primary".parse().unwrap(), reached)].into(), used: BTreeMap::new() };
        let mut scene = Self { cloud, client, clouds, recorder: Recorder::default(), id: String::new() };
        for (number, step) in steps.iter().enumerate() {
            scene.ask(step).await;
            scene.wait(number + 1 == steps.len(), status).await;
        }
        scene.cloud.set_faults(Vec::new());
        scene
    }

    async fn ask(&mut self, step: &str) {
        let token = step.replace(' ', "-");
        match step {
            "create" => self.id = self.create(STACK, body(&first())).await,
            "update" => {
                let request = UpdateStack { stack: self.id.clone(), body: body(&second()), token };
                self.client.update_stack(&request).await.unwrap();
            }
            "delete" => self.delete(&self.id).await,
            "review" => {
                let request = UpdateStack { stack: STACK.to_owned(), body: body(&first()), token };
                self.client.create_review("review", &request).await.unwrap();
                self.id = self.client.describe_stack(STACK).await.unwrap().unwrap().id;
            }
            "orphan" => {
                let body = StackBody {
                    tags: BTreeMap::new(),
                    ..import_body(json!({"Bucket": bucket("kept", &[])}))
                };
                let id = self.create("before", body).await;
                self.rest(&id).await;
                self.delete(&id).await;
                self.id = id;
            }
            _ => self.import(step.ends_with("absent")).await,
        }
    }

    async fn create(&self, name: &str, body: StackBody) -> String {
        let request = CreateStack {
            stack: name.parse().unwrap(),
            body,
            stack_policy: None,
            termination_protection: false,
            timeout_minutes: None,
            token: format!("create-{name}"),
        };
        self.client.create_stack(&request).await.unwrap()
    }

    async fn delete(&self, id: &str) {
        let request = DeleteStack { stack: id.to_owned(), service_role: None, token: "delete".to_owned() };
        self.client.delete_stack(&request).await.unwrap();
    }

    /// Imports the orphan, and with it something that is not there if it is to fail.
    async fn import(&mut self, with_absent: bool) {
        let mut resources = json!({"Bucket": bucket("kept", &[])});
        let mut imports = BTreeMap::from([("Bucket".to_owned(), "kept".to_owned())]);
        if with_absent {
            resources["Other"] = bucket("absent", &["Bucket"]);
            imports.insert("Other".to_owned(), "absent".to_owned());
        }
        let body = import_body(resources);
        let request = UpdateStack { stack: STACK.to_owned(), body, token: "import".to_owned() };
        let set = self.client.create_import("import", &request, &imports).await.unwrap();
        while self.client.describe_change_set(&set).await.unwrap().status == ChangeSetStatus::Pending {
            self.client.wait_for_change(Duration::from_secs(60)).await.unwrap();
        }
        self.client.execute_change_set(&set, "go").await.unwrap();
        self.id = self.client.describe_stack(STACK).await.unwrap().unwrap().id;
    }

    /// Lets time pass until the stack rests, or has the status that is wanted at last.
    async fn wait(&self, is_last: bool, status: &StackStatus) {
        for _ in 0..10_000 {
            let found = self.client.describe_stack(&self.id).await.unwrap().unwrap();
            if if is_last { found.status == *status } else { !found.status.is_busy() } {
                return;
            }
            assert!(found.status.is_busy(), "{status} was not reached: it is {}", found.status);
            self.client.wait_for_change(Duration::from_secs(1)).await.unwrap();
        }
        panic!("{status} was not reached");
    }

    async fn rest(&self, id: &str) {
        while self.client.describe_stack(id).await.unwrap().unwrap().status.is_busy() {
            self.client.wait_for_change(Duration::from_secs(60)).await.unwrap();
        }
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
