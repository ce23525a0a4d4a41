//! How a stack gets into each of its statuses on the embedded engine: faults, and what is asked for in
//! turn.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rekindle::local::Client;
use rekindle::model::{DesiredUnit, Digest, SealedUnit, StackStatus};
use rekindle::port::{ChangeSetStatus, CloudFormation, CreateStack, DeleteStack, StackBody, UpdateStack};
use serde_json::{Value, json};

/// A topic that is made after others.
pub fn topic(name: &str, after: &[&str]) -> Value {
    json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}, "DependsOn": after})
}

fn bucket(name: &str, after: &[&str]) -> Value {
    json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": name},
        "DependsOn": after})
}

/// The resources of a stack's first version.
pub fn first_resources() -> Value {
    json!({"One": topic("first", &[]), "Two": topic("first", &["One"]), "Old": topic("old", &[])})
}

/// And of its second: it changes `One` before `Two`, makes `New` before both, and has no `Old`.
pub fn second_resources() -> Value {
    json!({"New": topic("new", &[]), "One": topic("second", &["New"]), "Two": topic("second", &["One"])})
}

/// What is sent of a unit whose parameters have these values.
pub fn body(unit: &SealedUnit, parameters: BTreeMap<String, String>) -> StackBody {
    let facts = unit.facts(&parameters, Digest::of("release"));
    StackBody {
        template: unit.sent_template(&facts),
        parameters,
        kept_parameters: BTreeSet::new(),
        tags: unit.all_tags(),
        capabilities: Vec::new(),
        service_role: None,
        notifications: Vec::new(),
    }
}

/// How a unit's stack gets into a status: faults, and what is asked for in turn.
pub fn recipe(status: &StackStatus, unit: &str) -> (Vec<String>, &'static [&'static str]) {
    use StackStatus as S;
    let (faults, steps): (&[&str], &[&str]) = match status {
        S::CreateInProgress | S::CreateComplete => (&[], &["create"]),
        S::CreateFailed => (&["CreateStack=no-rollback", ".Two*1"], &["create"]),
        S::RollbackInProgress | S::RollbackComplete => (&[".Two*1"], &["create"]),
        S::RollbackFailed => (&[".Two*1", ".One:delete*1"], &["create"]),
        S::DeleteInProgress | S::DeleteComplete => (&[], &["create", "delete"]),
        S::DeleteFailed => (&[".One:delete*1"], &["create", "delete"]),
        S::UpdateInProgress | S::UpdateCompleteCleanupInProgress | S::UpdateComplete => {
            (&[], &["create", "update"])
        }
        S::UpdateFailed => (&["UpdateStack=no-rollback", ".Two:update*1"], &["create", "update"]),
        S::UpdateRollbackInProgress
        | S::UpdateRollbackCompleteCleanupInProgress
        | S::UpdateRollbackComplete => (&[".Two:update*1"], &["create", "update"]),
        S::UpdateRollbackFailed => (&[".Two:update*1", ".One:rollback*1"], &["create", "update"]),
        S::ReviewInProgress => (&[], &["review"]),
        S::ImportInProgress | S::ImportComplete => (&[], &["orphan", "import"]),
        S::ImportRollbackInProgress | S::ImportRollbackComplete => (&[], &["orphan", "import absent"]),
        S::ImportRollbackFailed => (&[".Bucket:rollback*1"], &["orphan", "import absent"]),
        S::Unknown(status) => panic!("the embedded engine has no {status}"),
    };
    let of_unit =
        |fault: &&str| if fault.starts_with('.') { format!("{unit}{fault}") } else { (*fault).to_owned() };
    (faults.iter().map(of_unit).collect(), steps)
}

/// One stack on its way.
pub struct Reach<'r> {
    pub client: &'r Client,
    /// Whose stack it is: the unit as it is first.
    pub unit: &'r DesiredUnit,
    /// What is sent of its first version, and of its second.
    pub bodies: (StackBody, StackBody),
    /// Its ARN, once it has one.
    pub id: String,
}

impl Reach<'_> {
    /// Asks for one step of a recipe.
    pub async fn ask(&mut self, step: &str) {
        let token = step.replace(' ', "-");
        let stack = self.unit.stack.to_string();
        match step {
            "create" => self.id = self.create(&stack, self.bodies.0.clone()).await,
            "update" => {
                let request = UpdateStack {
                    stack: self.id.clone(),
                    body: self.bodies.1.clone(),
                    reverts_drift: false,
                    token,
                };
                self.client.update_stack(&request).await.unwrap();
            }
            "delete" => self.delete(&self.id).await,
            "review" => {
                let request = UpdateStack {
                    stack: stack.clone(),
                    body: self.bodies.0.clone(),
                    reverts_drift: false,
                    token,
                };
                self.client.create_review("review", &request).await.unwrap();
                self.id = self.client.describe_stack(&stack).await.unwrap().unwrap().id;
            }
            "orphan" => {
                let body = StackBody {
                    tags: BTreeMap::new(),
                    ..self.import_body(json!({"Bucket": self.kept(&[])}))
                };
                let id = self.create(&format!("{stack}-before"), body).await;
                rest(self.client, &id).await;
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
        let request = DeleteStack {
            stack: id.to_owned(),
            service_role: None,
            retain: Default::default(),
            token: "delete".to_owned(),
        };
        self.client.delete_stack(&request).await.unwrap();
    }

    fn kept(&self, after: &[&str]) -> Value {
        bucket(&format!("kept-{}", self.unit.stack), after)
    }

    /// An import may not bring outputs: the stack's facts are in its template alone.
    fn import_body(&self, resources: Value) -> StackBody {
        let unit = DesiredUnit::new(
            self.unit.identity.clone(),
            self.unit.class,
            json!({"Resources": resources}).into(),
        );
        let mut body = body(&unit.into(), BTreeMap::new());
        let mut template: Value = serde_json::from_str(&body.template).unwrap();
        template.as_object_mut().unwrap().remove("Outputs");
        body.template = template.to_string();
        body
    }

    /// Imports the orphan, and with it something that is not there if it is to fail.
    async fn import(&mut self, with_absent: bool) {
        let (client, stack) = (self.client, self.unit.stack.to_string());
        let mut resources = json!({"Bucket": self.kept(&[])});
        let mut imports = BTreeMap::from([("Bucket".to_owned(), format!("kept-{stack}"))]);
        if with_absent {
            resources["Other"] = bucket(&format!("absent-{stack}"), &["Bucket"]);
            imports.insert("Other".to_owned(), format!("absent-{stack}"));
        }
        let body = self.import_body(resources);
        let request =
            UpdateStack { stack: stack.clone(), body, reverts_drift: false, token: "import".to_owned() };
        let set = client.create_import("import", &request, &imports).await.unwrap();
        while client.describe_change_set(&set).await.unwrap().status == ChangeSetStatus::Pending {
            client.wait_for_change(Duration::from_secs(60)).await.unwrap();
        }
        client.execute_change_set(&set, "go").await.unwrap();
        self.id = client.describe_stack(&stack).await.unwrap().unwrap().id;
    }

    /// Lets time pass until the stack has this status.
    pub async fn wait_for(&self, status: &StackStatus) {
        for _ in 0..10_000 {
            let found = self.client.describe_stack(&self.id).await.unwrap().unwrap();
            if found.status == *status {
                return;
            }
            assert!(found.status.is_busy(), "{status} was not reached: it is {}", found.status);
            self.client.wait_for_change(Duration::from_secs(1)).await.unwrap();
        }
        panic!("{status} was not reached");
    }
}

/// Lets time pass until a stack rests.
pub async fn rest(client: &Client, id: &str) {
    while client.describe_stack(id).await.unwrap().unwrap().status.is_busy() {
        client.wait_for_change(Duration::from_secs(60)).await.unwrap();
    }
}
