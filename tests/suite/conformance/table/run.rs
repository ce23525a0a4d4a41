//! Carries the steps of a scenario out on one engine.

use std::collections::{BTreeMap, BTreeSet};

use rekindle::model::{Change, StackEvent};
use rekindle::port::{CreateStack, DeleteStack, DriftDetection, PortError, UpdateAnswer, UpdateStack};
use serde_json::Value;

use super::super::world::{World, body};
use super::scenario::{Scenario, Shown, Step};

/// What is shown after each step.
pub async fn run(scenario: &Scenario, world: &World) -> Vec<Shown> {
    let mut runner = Runner { world, stacks: BTreeMap::new(), told: BTreeSet::new(), number: 0 };
    let mut shown = Vec::new();
    for step in &scenario.steps {
        runner.number += 1;
        shown.push(match runner.act(step).await {
            Ok(shown) => shown,
            Err(error) => Shown { refused: Some(format!("{:?}", error.kind)), ..Shown::default() },
        });
    }
    shown
}

struct Runner<'w> {
    world: &'w World,
    /// ARNs by name.
    stacks: BTreeMap<String, String>,
    /// Ids of events that belong to earlier steps.
    told: BTreeSet<String>,
    number: usize,
}

impl Runner<'_> {
    async fn act(&mut self, step: &Step) -> Result<Shown, PortError> {
        let token = format!("step-{}", self.number);
        let template = self.fill(&step.template);
        let cloud = &self.world.cloud;
        let stack = self.stacks.get(&step.stack).cloned().unwrap_or_else(|| step.stack.clone());
        match step.action.as_str() {
            "create" => {
                let request = CreateStack {
                    stack: step.stack.parse().unwrap(),
                    body: body(&template),
                    stack_policy: step.with.get("policy").map(ToString::to_string),
                    termination_protection: step.with.contains_key("protected"),
                    timeout_minutes: None,
                    token,
                };
                let id = cloud.create_stack(&request).await?;
                self.stacks.insert(step.stack.clone(), id.clone());
                Ok(self.shown(&id).await)
            }
            "update" => {
                let request = update_request(&stack, &template, &token);
                match cloud.update_stack(&request).await? {
                    UpdateAnswer::Started => Ok(self.shown(&stack).await),
                    UpdateAnswer::NothingToDo => {
                        Ok(Shown { refused: Some("NothingToDo".to_owned()), ..Shown::default() })
                    }
                }
            }
            "change set" => {
                let request = update_request(&stack, &template, &token);
                let (id, set) = self.world.change_set(&format!("set-{}", self.number), &request).await;
                let changes = Some(set.changes.iter().map(line).collect());
                cloud.execute_change_set(&id, &token).await?;
                Ok(Shown { changes, ..self.shown(&stack).await })
            }
            "import" => {
                let imports = step.with.iter().map(|(id, name)| (id.clone(), self.text(name))).collect();
                let request = update_request(&stack, &template, &token);
                let id = self.world.import_set(&format!("set-{}", self.number), &request, &imports).await?;
                cloud.execute_change_set(&id, &token).await?;
                Ok(self.shown(&stack).await)
            }
            "delete" => {
                let request = DeleteStack {
                    stack: stack.clone(),
                    service_role: None,
                    retain: Default::default(),
                    token,
                };
                cloud.delete_stack(&request).await?;
                let shown = self.shown(&stack).await;
                self.stacks.remove(&step.stack);
                Ok(shown)
            }
            "detect drift" => self.drift(&stack).await,
            "put an object" => {
                self.world
                    .put_object(
                        &self.text(&step.with["bucket"]),
                        &self.text(&step.with["key"]),
                        &template.to_string(),
                    )
                    .await;
                Ok(Shown::default())
            }
            "suspend versioning by hand" => {
                self.world.suspend_versioning(&stack, &self.text(&step.with["bucket"])).await;
                Ok(Shown::default())
            }
            other => panic!("there is no action `{other}`"),
        }
    }

    async fn drift(&self, stack: &str) -> Result<Shown, PortError> {
        let mut drift = Vec::new();
        if let DriftDetection::Done { drifted: 1.. } = self.world.drift(stack).await {
            for resource in self.world.cloud.resource_drifts(stack).await?.drifted {
                drift.push(format!("{} {}", resource.logical_id, resource.paths.join(" ")));
            }
        }
        Ok(Shown { drift: Some(drift), ..Shown::default() })
    }

    /// The stack once nothing goes on any more, with the events that nobody has seen yet.
    async fn shown(&mut self, stack: &str) -> Shown {
        let found = self.world.settled(stack).await;
        let mut events: Vec<StackEvent> = self.world.events(stack).await;
        events.reverse();
        let mut statuses: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for event in events.into_iter().filter(|event| self.told.insert(event.id.clone())) {
            let is_stack = event.physical_id.as_deref() == Some(found.id.as_str());
            let name = if is_stack { "stack".to_owned() } else { event.logical_id };
            let of_one = statuses.entry(name).or_default();
            if of_one.last() != Some(&event.status) {
                of_one.push(event.status);
            }
        }
        Shown {
            status: Some(found.status.to_string()),
            outputs: Some(
                found.outputs.into_iter().map(|(name, value)| (name, self.empty(&value))).collect(),
            ),
            events: Some(statuses),
            ..Shown::default()
        }
    }

    /// The text with the marks of the table in place of what differs from run to run.
    fn empty(&self, text: &str) -> String {
        text.replace(&self.world.account, "{account}")
    }

    fn text(&self, value: &Value) -> String {
        value.as_str().unwrap_or_default().replace("{account}", &self.world.account)
    }

    /// The template with the marks of the table filled.
    fn fill(&self, template: &Value) -> Value {
        let text = template.to_string().replace("{account}", &self.world.account);
        serde_json::from_str(&text.replace("{objects}", &self.world.objects())).unwrap()
    }
}

fn line(change: &Change) -> String {
    let replacement = change.replacement.map(|it| format!(" {it:?}")).unwrap_or_default();
    format!("{:?} {}{replacement}", change.action, change.logical_id)
}

fn update_request(stack: &str, template: &Value, token: &str) -> UpdateStack {
    let (stack, token) = (stack.to_owned(), token.to_owned());
    UpdateStack { stack, body: body(template), reverts_drift: false, token }
}
