//! Nested stacks as seen from their parent: a resource whose steps another stack takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::local::context::{Body, Context};
use crate::local::evaluate::Pseudo;
use crate::local::nested::{Birth, Content, Letter, NESTED, Report};
use crate::local::operation::{Phase, StepState, Task, Work};
use crate::local::resource::Resource;
use crate::local::template::text_of;
use crate::model::StackStatus;
use crate::port::StackBody;

/// What a child's status means for the step that waits for it.
enum Verdict {
    /// The step goes on waiting.
    Waiting,
    /// The step is done.
    Done,
    /// The step has failed.
    Failed,
    /// The child has come to rest; now it can be deleted.
    AtRest,
}

fn verdict(task: &Task, report: &Report) -> Verdict {
    use StackStatus as Status;
    let is_busy = report.status.is_busy();
    match (task, &report.status) {
        (Task::Update(_) | Task::Revert(_), _) if report.untouched => Verdict::Done,
        (Task::Create(_), Status::CreateComplete) => Verdict::Done,
        (Task::Create(_), Status::CreateInProgress) => Verdict::Waiting,
        (Task::Update(_), Status::UpdateCompleteCleanupInProgress | Status::UpdateComplete) => Verdict::Done,
        (Task::Update(_), Status::UpdateInProgress) => Verdict::Waiting,
        (Task::Revert(_), Status::UpdateRollbackComplete) => Verdict::Done,
        (Task::Remove, Status::DeleteComplete) => Verdict::Done,
        (Task::Remove, Status::DeleteFailed) => Verdict::Failed,
        (Task::Create(_) | Task::Update(_), _) => Verdict::Failed,
        (Task::Revert(_) | Task::Remove | Task::Proceed, _) if is_busy => Verdict::Waiting,
        (Task::Remove, _) => Verdict::AtRest,
        (Task::Proceed, _) => Verdict::Done,
        (Task::Revert(_) | Task::Replace(_) | Task::Import(_) | Task::Release, _) => Verdict::Failed,
    }
}

impl Work<'_> {
    /// Writes to another stack of the tree.
    pub(super) fn write(&mut self, to: &str, content: Content) {
        self.letters.push_back(Letter { to: to.to_owned(), content });
    }

    /// Begins making a child.
    pub(super) fn start_child(&mut self, logical_id: &str, resource: Resource) {
        let (body, context) = match self.child_body(&resource) {
            Ok(made) => made,
            Err(reason) => return self.fail(logical_id, "create", reason),
        };
        self.tell(logical_id, &resource, "CREATE_IN_PROGRESS", Some(super::start::INITIATED.to_owned()));
        let timeout = resource.properties.get("TimeoutInMinutes").and_then(text_of);
        let birth = Birth {
            parent: self.stack.id.clone(),
            logical_id: logical_id.to_owned(),
            name: name_of(&resource.physical_id),
            body,
            context: Arc::new(context),
            timeout_minutes: timeout.and_then(|minutes| minutes.parse().ok()),
            token: self.operation().token.clone(),
        };
        self.write(&resource.physical_id, Content::Create(Box::new(birth)));
        self.wait_for_child(logical_id, Task::Create(resource));
    }

    /// Begins changing a child.
    pub(super) fn start_child_update(&mut self, logical_id: &str, resource: Resource) {
        let (body, context) = match self.child_body(&resource) {
            Ok(made) => made,
            Err(reason) => return self.fail(logical_id, "update", reason),
        };
        let token = self.operation().token.clone();
        self.write(&resource.physical_id, Content::Update(Box::new(body), Arc::new(context), token));
        self.wait_for_child(logical_id, Task::Update(resource));
    }

    /// Marks a step as running until the child reports.
    pub(super) fn wait_for_child(&mut self, logical_id: &str, task: Task) {
        if let Some(step) = self.operation().steps.get_mut(logical_id) {
            step.state = StepState::Running { ends: Timestamp::MAX, task: Box::new(task), failure: None };
        }
    }

    /// What a child is made of.
    fn child_body(&mut self, resource: &Resource) -> Result<(Body, Context), String> {
        let url = resource.properties.get("TemplateURL").and_then(Value::as_str).unwrap_or_default();
        let template = self.answers.object(url)?.to_owned();
        let goal = self.stack.operation.as_ref().and_then(|operation| operation.goal.as_ref());
        let own = goal.unwrap_or(&self.stack.body);
        let mut tags = own.tags.clone();
        tags.extend(listed_tags(&resource.properties));
        let notifications = resource.properties.get("NotificationARNs").and_then(Value::as_array);
        let body = StackBody {
            template,
            parameters: given_parameters(&resource.properties),
            kept_parameters: std::collections::BTreeSet::new(),
            tags,
            capabilities: own.capabilities.clone(),
            service_role: own.service_role.clone(),
            notifications: notifications.into_iter().flatten().filter_map(text_of).collect(),
        };
        let pseudo = Pseudo {
            place: self.stack.place.clone(),
            stack_name: name_of(&resource.physical_id),
            stack_id: resource.physical_id.clone(),
            notifications: body.notifications.clone(),
        };
        let (context, body) = Context::of_request(&body, pseudo).map_err(|error| error.to_string())?;
        Ok((body, context))
    }

    /// Hears how a child is.
    pub fn hear(&mut self, report: &Report) {
        let logical_id = report.logical_id.as_str();
        let step = self.stack.operation.as_mut().and_then(|operation| operation.steps.get_mut(logical_id));
        let Some(StepState::Running { task, .. }) = step.map(|step| &mut step.state) else { return };
        match verdict(task, report) {
            Verdict::Waiting => return,
            Verdict::Done => {
                if let Task::Create(resource) | Task::Update(resource) = &mut **task {
                    resource.answered = Some(report.attributes());
                }
                self.finish_step(logical_id);
            }
            Verdict::Failed => {
                let (task, child) = ((**task).clone(), self.child_id(logical_id));
                self.child_failed(report, task, &child);
            }
            Verdict::AtRest => {
                let child = self.child_id(logical_id);
                let token = self.operation().token.clone();
                self.write(&child, Content::Delete(token));
                return;
            }
        }
        self.progress();
    }

    fn child_id(&mut self, logical_id: &str) -> String {
        let doomed = self.doomed_resource(logical_id);
        let known = doomed.or_else(|| self.stack.resources.get(logical_id).cloned());
        known.map(|resource| resource.physical_id).unwrap_or_default()
    }

    fn child_failed(&mut self, report: &Report, task: Task, child: &str) {
        let reason = report.reason.as_deref().unwrap_or("it gives no reason");
        let status = &report.status;
        let logical_id = &report.logical_id;
        let (verb, words) = match task {
            Task::Create(resource) => {
                let child = resource.physical_id.clone();
                // It is there, in whatever state: the rollback deletes it.
                if !report.unborn {
                    self.stack.resources.insert(logical_id.clone(), resource);
                }
                ("create", format!("Embedded stack {child} was not successfully created: {reason}"))
            }
            Task::Remove => {
                ("delete", format!("Embedded stack {child} was not successfully deleted: {reason}"))
            }
            _ => (
                "update",
                format!(
                    "Embedded stack {child} was not successfully updated. Currently in {status} with reason: {reason}"
                ),
            ),
        };
        self.fail(logical_id, verb, words);
    }

    /// Children that an update changed and that wait for its end with their own clean-up.
    pub(super) fn waiting_children(&self, phase: Phase) -> Vec<String> {
        let Some(operation) = self.stack.operation.as_ref().filter(|_| phase == Phase::Cleanup) else {
            return Vec::new();
        };
        let is_child = |logical_id: &&String| {
            self.stack.resources.get(*logical_id).is_some_and(|resource| resource.resource_type == NESTED)
        };
        operation.touched.iter().filter(is_child).cloned().collect()
    }
}

fn name_of(stack_id: &str) -> String {
    stack_id.split('/').nth(1).unwrap_or(stack_id).to_owned()
}

/// `Parameters` of the resource: texts, or lists of texts.
fn given_parameters(properties: &Value) -> BTreeMap<String, String> {
    let given = properties.get("Parameters").and_then(Value::as_object);
    let text = |value: &Value| match value {
        Value::Array(items) => items.iter().filter_map(text_of).collect::<Vec<_>>().join(","),
        other => text_of(other).unwrap_or_default(),
    };
    given.into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}

fn listed_tags(properties: &Value) -> BTreeMap<String, String> {
    let tags = properties.get("Tags").and_then(Value::as_array);
    let pair = |tag: &Value| Some((text_of(tag.get("Key")?)?, text_of(tag.get("Value")?)?));
    tags.into_iter().flatten().filter_map(pair).collect()
}
