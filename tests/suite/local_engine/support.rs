//! Short ways to say what a test asks of the engine.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rekindle::local::{Client, Cloud, Fault, Options};
use rekindle::model::{ObservedStack, StackEvent};
use rekindle::port::{
    ChangeSet, ChangeSetStatus, Changes, CloudFormation, ContinueRollback, CreateStack, DeleteStack,
    PortError, StackBody, UpdateAnswer, UpdateStack,
};
use serde_json::Value;

pub const START: &str = "2026-01-01T00:00:00Z";

pub fn options(faults: &[&str]) -> Options {
    let faults = faults.iter().map(|text| text.parse::<Fault>().unwrap()).collect();
    Options { now: START.parse().unwrap(), faults }
}

pub fn cloud(faults: &[&str]) -> Cloud {
    Cloud::in_memory(options(faults))
}

pub fn client_of(cloud: &Cloud) -> Client {
    cloud.client("111122223333".parse().unwrap(), "eu-central-1".parse().unwrap())
}

pub fn client(faults: &[&str]) -> Client {
    client_of(&cloud(faults))
}

pub fn body(template: Value) -> StackBody {
    StackBody {
        template: template.to_string(),
        parameters: BTreeMap::new(),
        kept_parameters: std::collections::BTreeSet::new(),
        tags: BTreeMap::new(),
        capabilities: vec!["CAPABILITY_NAMED_IAM".to_owned()],
        service_role: None,
        notifications: Vec::new(),
    }
}

pub fn with(mut body: StackBody, parameters: &[(&str, &str)]) -> StackBody {
    body.parameters = parameters.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    body
}

pub fn creation(name: &str, body: StackBody) -> CreateStack {
    CreateStack {
        stack: name.parse().unwrap(),
        body,
        stack_policy: None,
        termination_protection: false,
        timeout_minutes: None,
        token: format!("create-{name}"),
    }
}

pub fn update(stack: &str, body: StackBody, token: &str) -> UpdateStack {
    UpdateStack { stack: stack.to_owned(), body, reverts_drift: false, token: token.to_owned() }
}

/// A request to go on with a rollback, skipping these resources.
pub fn continuation(stack: &str, skipped: &[&str], token: &str) -> ContinueRollback {
    let skipped = skipped.iter().map(|id| (*id).to_owned()).collect();
    ContinueRollback { stack: stack.to_owned(), skipped, token: token.to_owned() }
}

pub fn deletion(stack: &str, token: &str) -> DeleteStack {
    DeleteStack {
        stack: stack.to_owned(),
        service_role: None,
        retain: Default::default(),
        token: token.to_owned(),
    }
}

/// Lets time pass until the stack is no longer busy; every status it had on the way.
pub async fn settle(client: &Client, stack: &str) -> (ObservedStack, Vec<String>) {
    let mut seen = Vec::new();
    loop {
        let found = client.describe_stack(stack).await.unwrap().unwrap();
        if seen.last() != Some(&found.status.to_string()) {
            seen.push(found.status.to_string());
        }
        if !found.status.is_busy() {
            return (found, seen);
        }
        let changes = client.wait_for_change(Duration::from_secs(86_400)).await.unwrap();
        assert_ne!(changes, Changes::Stacks(Vec::new()), "{} stands still", found.status);
    }
}

pub async fn create(client: &Client, name: &str, body: StackBody) -> ObservedStack {
    let id = client.create_stack(&creation(name, body)).await.unwrap();
    settle(client, &id).await.0
}

/// Updates through a change set, and lets time pass to the end; the change set and the statuses.
pub async fn change(client: &Client, stack: &str, body: StackBody) -> (ChangeSet, Vec<String>) {
    let set = change_set(client, stack, "change", body).await;
    if set.1.status == ChangeSetStatus::Ready {
        client.execute_change_set(&set.0, "execute").await.unwrap();
    }
    let (_, seen) = settle(client, stack).await;
    (set.1, seen)
}

/// A change set that is no longer pending, and its ARN.
pub async fn change_set(client: &Client, stack: &str, name: &str, body: StackBody) -> (String, ChangeSet) {
    let request = update(stack, body, &format!("token-{name}"));
    let id = client.create_change_set(name, &request).await.unwrap();
    assert_eq!(client.describe_change_set(&id).await.unwrap().status, ChangeSetStatus::Pending);
    client.wait_for_change(Duration::from_secs(60)).await.unwrap();
    let set = client.describe_change_set(&id).await.unwrap();
    (id, set)
}

pub async fn update_directly(client: &Client, stack: &str, body: StackBody, token: &str) -> UpdateAnswer {
    client.update_stack(&update(stack, body, token)).await.unwrap()
}

/// All events, oldest first.
pub async fn events(client: &Client, stack: &str) -> Vec<StackEvent> {
    let mut all = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let page = client.events(stack, next.as_deref()).await.unwrap();
        all.extend(page.items);
        match page.next {
            Some(token) => next = Some(token),
            None => break,
        }
    }
    all.reverse();
    all
}

/// Events as lines: seconds since the start, logical id, status, reason.
pub fn lines(events: &[StackEvent]) -> String {
    let start: Timestamp = START.parse().unwrap();
    let line = |event: &StackEvent| {
        let seconds = event.time.duration_since(start).as_secs();
        let reason = event.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        format!("{seconds:>4} {} {}{reason}", event.logical_id, event.status)
    };
    events.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub async fn timeline(client: &Client, stack: &str) -> String {
    lines(&events(client, stack).await)
}

/// The whole text a user would see of a refusal.
pub fn text(error: &PortError) -> String {
    let hint = error.hint.as_deref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("{:?}: {error}{hint}", error.kind)
}
