//! A small cloud for the engine's own tests. One resource per stack takes `Properties.Seconds`
//! (10 unless given); `Properties.Fail` makes it fail with that reason, `Properties.Stuck` makes its
//! deletion fail, and a changed `Properties.Kind` replaces it. A name that is taken is refused
//! whatever the token. The embedded engine is the specified one; this one can misbehave.

mod change_set;
mod state;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use self::state::{Stack, State};
use crate::model::{
    Contents, Digest, Guest, Networks, ObservedStack, Outside, Presence, Quota, QuotaKind, RestorePoint,
    StackEvent, StackResource, StackStatus, Storage, TaggedResource,
};
use crate::port::{
    ChangeSet, Changes, CloudFormation, ContinueRollback, CreateStack, DeleteStack, DriftDetection, Identity,
    Page, PortError, PortErrorKind, ResourceDrifts, UpdateAnswer, UpdateStack,
};

/// In which ways the cloud misbehaves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Habits {
    /// How many of 100 calls are throttled.
    pub(super) throttled: u32,
    /// How many of 100 answers are lost although the call took effect.
    pub(super) lost: u32,
    /// Whether it only ever sleeps, as a real cloud does, instead of telling what changed.
    pub(super) sleeps: bool,
    /// Whether a change set that only touches outputs is refused as empty.
    pub(super) refuses_output_only: bool,
    /// Whether listing is denied.
    pub(super) denies_listing: bool,
    /// Whether reading events is denied.
    pub(super) denies_events: bool,
    /// Whether asking what is there besides stacks is denied.
    pub(super) denies_presence: bool,
    /// Whether the search by tags is denied.
    pub(super) denies_tag_search: bool,
    /// Whether an update changes nothing, whatever was sent.
    pub(super) ignores_updates: bool,
}

pub(super) struct Fake {
    pub(super) habits: Mutex<Habits>,
    state: Mutex<State>,
}

const PAGE: usize = 3;

impl Fake {
    pub(super) fn new(habits: Habits) -> Self {
        Self { habits: Mutex::new(habits), state: Mutex::default() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn habits(&self) -> Habits {
        *self.habits.lock().unwrap()
    }

    /// Counts the call, or throttles it. Takes a while, as calls do: other work goes on meanwhile.
    async fn enter(&self, operation: &'static str) -> Result<MutexGuard<'_, State>, PortError> {
        let turns = self.state().total % 5;
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        let mut state = self.state();
        state.total += 1;
        assert!(state.total < 100_000, "the engine calls in circles");
        if chance(state.total) < self.habits().throttled {
            return Err(PortError::new(PortErrorKind::Throttled, operation, "Rate exceeded"));
        }
        *state.calls.entry(operation).or_default() += 1;
        Ok(state)
    }

    /// Answers, unless the answer is lost.
    fn answer<T>(&self, state: &State, operation: &'static str, answer: T) -> Result<T, PortError> {
        if chance(state.total + 50_000) < self.habits().lost {
            return Err(PortError::new(PortErrorKind::Unavailable, operation, "connection reset"));
        }
        Ok(answer)
    }
}

/// A number below 100 that looks random and is the same every time.
fn chance(number: u32) -> u32 {
    u32::from_str_radix(&Digest::of(number.to_string()).short(6), 16).unwrap() % 100
}

fn page<T: Clone>(items: &[T], from: Option<&str>, size: usize) -> Page<T> {
    let from: usize = from.map_or(0, |from| from.parse().unwrap());
    let next = (from + size < items.len()).then(|| (from + size).to_string());
    Page { items: items.iter().skip(from).take(size).cloned().collect(), next }
}

fn no_such(stack: &str) -> PortError {
    PortError::new(PortErrorKind::NotFound, format!("find stack `{stack}`"), "does not exist")
}

#[async_trait]
impl CloudFormation for Fake {
    async fn identity(&self) -> Result<Identity, PortError> {
        let state = self.enter("GetCallerIdentity").await?;
        let identity = Identity {
            account: "000000000000".parse().unwrap(),
            region: "eu-central-1".parse().unwrap(),
            caller: "arn:aws:iam::000000000000:user/test".to_owned(),
        };
        self.answer(&state, "GetCallerIdentity", identity)
    }

    async fn describe_stacks(&self, from: Option<&str>) -> Result<Page<ObservedStack>, PortError> {
        let state = self.enter("DescribeStacks").await?;
        if self.habits().denies_listing {
            return Err(PortError::new(PortErrorKind::Denied, "DescribeStacks", "AccessDenied"));
        }
        let stacks: Vec<ObservedStack> =
            state.stacks.values().map(|it| it.seen.clone()).filter(|it| !it.status.is_gone()).collect();
        self.answer(&state, "DescribeStacks", page(&stacks, from, PAGE))
    }

    async fn describe_stack(&self, stack: &str) -> Result<Option<ObservedStack>, PortError> {
        let state = self.enter("DescribeStack").await?;
        self.answer(&state, "DescribeStack", state.find(stack).map(|it| it.seen.clone()))
    }

    async fn template(&self, stack: &str) -> Result<String, PortError> {
        let state = self.enter("GetTemplate").await?;
        let found = state.find(stack).ok_or_else(|| no_such(stack))?;
        self.answer(&state, "GetTemplate", found.body.template.clone())
    }

    async fn stack_policy(&self, stack: &str) -> Result<Option<String>, PortError> {
        let state = self.enter("GetStackPolicy").await?;
        let found = state.find(stack).ok_or_else(|| no_such(stack))?;
        self.answer(&state, "GetStackPolicy", found.policy.clone())
    }

    async fn create_stack(&self, request: &CreateStack) -> Result<String, PortError> {
        let mut state = self.enter("CreateStack").await?;
        let name = request.stack.as_str();
        if state.find(name).is_some() {
            return Err(PortError::new(PortErrorKind::AlreadyExists, "CreateStack", "already exists"));
        }
        let id = format!("arn:{name}/{}", state.stacks.len());
        let seen = ObservedStack {
            id: id.clone(),
            name: name.to_owned(),
            status: StackStatus::CreateInProgress,
            status_reason: None,
            parameters: request.body.parameters.clone(),
            outputs: BTreeMap::new(),
            tags: request.body.tags.clone(),
            capabilities: request.body.capabilities.clone(),
            role: None,
            termination_protection: request.termination_protection,
            parent: None,
            created: Some(state.now),
            updated: None,
        };
        let (body, policy) = (request.body.clone(), request.stack_policy.clone());
        let stack = Stack { seen, body, before: None, policy, token: String::new(), due: None };
        state.stacks.insert(id.clone(), stack);
        state.begun.push(name.to_owned());
        state.begin(&id, StackStatus::CreateInProgress, &request.token);
        self.answer(&state, "CreateStack", id)
    }

    async fn create_change_set(&self, name: &str, request: &UpdateStack) -> Result<String, PortError> {
        let mut state = self.enter("CreateChangeSet").await?;
        let id = format!("{}/{name}", request.stack);
        if state.change_sets.contains_key(&id) {
            return Err(PortError::new(PortErrorKind::AlreadyExists, "CreateChangeSet", "already exists"));
        }
        state.change_sets.insert(id.clone(), request.clone());
        self.answer(&state, "CreateChangeSet", id)
    }

    async fn describe_change_set(&self, id: &str) -> Result<ChangeSet, PortError> {
        let state = self.enter("DescribeChangeSet").await?;
        let request = state.change_sets.get(id).ok_or_else(|| no_such(id))?;
        self.answer(&state, "DescribeChangeSet", state.changes(request, self.habits().refuses_output_only))
    }

    async fn execute_change_set(&self, id: &str, token: &str) -> Result<(), PortError> {
        let mut state = self.enter("ExecuteChangeSet").await?;
        let mut request = state.change_sets.remove(id).ok_or_else(|| no_such(id))?;
        state.change_sets.retain(|_, other| other.stack != request.stack);
        request.token = token.to_owned();
        state.update(&request, self.habits().ignores_updates);
        self.answer(&state, "ExecuteChangeSet", ())
    }

    async fn delete_change_set(&self, _: &str, id: &str) -> Result<(), PortError> {
        let mut state = self.enter("DeleteChangeSet").await?;
        state.change_sets.remove(id);
        self.answer(&state, "DeleteChangeSet", ())
    }

    async fn update_stack(&self, request: &UpdateStack) -> Result<UpdateAnswer, PortError> {
        let mut state = self.enter("UpdateStack").await?;
        let stack = &state.stacks[&request.stack];
        if stack.due.is_some() {
            return Err(PortError::new(PortErrorKind::WrongState, "UpdateStack", "UPDATE_IN_PROGRESS"));
        }
        if stack.body == request.body || self.habits().ignores_updates {
            return self.answer(&state, "UpdateStack", UpdateAnswer::NothingToDo);
        }
        state.update(request, false);
        self.answer(&state, "UpdateStack", UpdateAnswer::Started)
    }

    async fn delete_stack(&self, request: &DeleteStack) -> Result<(), PortError> {
        let mut state = self.enter("DeleteStack").await?;
        let stack = state.stacks.get(&request.stack).ok_or_else(|| no_such(&request.stack))?;
        if stack.seen.termination_protection {
            return Err(PortError::new(PortErrorKind::Invalid, "DeleteStack", "TerminationProtection"));
        }
        if stack.seen.status != StackStatus::DeleteInProgress && !stack.seen.status.is_gone() {
            let name = stack.seen.name.clone();
            state.begun.push(name);
            state.begin(&request.stack, StackStatus::DeleteInProgress, &request.token);
        }
        self.answer(&state, "DeleteStack", ())
    }

    async fn create_adopting(&self, _name: &str, _request: &CreateStack) -> Result<String, PortError> {
        let state = self.enter("CreateChangeSet").await?;
        drop(state);
        Err(PortError::new(PortErrorKind::Invalid, "CreateChangeSet", "this cloud takes nothing in"))
    }

    async fn continue_rollback(&self, request: &ContinueRollback) -> Result<(), PortError> {
        let mut state = self.enter("ContinueUpdateRollback").await?;
        state.begin(&request.stack, StackStatus::UpdateRollbackInProgress, &request.token);
        self.answer(&state, "ContinueUpdateRollback", ())
    }

    async fn set_termination_protection(&self, stack: &str, enabled: bool) -> Result<(), PortError> {
        let mut state = self.enter("UpdateTerminationProtection").await?;
        state.stacks.get_mut(stack).unwrap().seen.termination_protection = enabled;
        self.answer(&state, "UpdateTerminationProtection", ())
    }

    async fn set_stack_policy(&self, stack: &str, policy: &str) -> Result<(), PortError> {
        let mut state = self.enter("SetStackPolicy").await?;
        state.stacks.get_mut(stack).unwrap().policy = Some(policy.to_owned());
        self.answer(&state, "SetStackPolicy", ())
    }

    async fn events(&self, stack: &str, from: Option<&str>) -> Result<Page<StackEvent>, PortError> {
        let state = self.enter("DescribeStackEvents").await?;
        if self.habits().denies_events {
            return Err(PortError::new(PortErrorKind::Denied, "DescribeStackEvents", "AccessDenied"));
        }
        let mut events = state.events.get(stack).cloned().unwrap_or_default();
        events.reverse();
        self.answer(&state, "DescribeStackEvents", page(&events, from, PAGE))
    }

    async fn resources(&self, stack: &str, from: Option<&str>) -> Result<Page<StackResource>, PortError> {
        let state = self.enter("ListStackResources").await?;
        let listed = state.resources.get(stack).cloned().unwrap_or_default();
        self.answer(&state, "ListStackResources", page(&listed, from, PAGE))
    }

    async fn importers(&self, _export: &str) -> Result<Vec<String>, PortError> {
        let state = self.enter("ListImports").await?;
        self.answer(&state, "ListImports", Vec::new())
    }

    async fn contents(&self, _storage: &Storage) -> Result<Option<Contents>, PortError> {
        let state = self.enter("ListObjectVersions").await?;
        self.answer(&state, "ListObjectVersions", None)
    }

    async fn empty(&self, _storage: &Storage) -> Result<u64, PortError> {
        let state = self.enter("DeleteObjects").await?;
        self.answer(&state, "DeleteObjects", 0)
    }

    async fn guests(&self, _networks: &Networks) -> Result<Vec<Guest>, PortError> {
        let mut state = self.enter("DescribeNetworkInterfaces").await?;
        let seen = state.guests.first().cloned().unwrap_or_default();
        if state.guests.len() > 1 {
            state.guests.remove(0);
        }
        self.answer(&state, "DescribeNetworkInterfaces", seen)
    }

    async fn delete_interface(&self, interface: &str) -> Result<(), PortError> {
        let mut state = self.enter("DeleteNetworkInterface").await?;
        state.guests.iter_mut().for_each(|seen| seen.retain(|guest| guest.id != interface));
        self.answer(&state, "DeleteNetworkInterface", ())
    }

    async fn tagged(
        &self,
        tags: &BTreeMap<String, String>,
        from: Option<&str>,
    ) -> Result<Page<TaggedResource>, PortError> {
        let state = self.enter("GetResources").await?;
        if self.habits().denies_tag_search {
            return Err(PortError::new(PortErrorKind::Denied, "GetResources", "AccessDenied"));
        }
        let is_meant =
            |found: &&TaggedResource| tags.iter().all(|(key, value)| found.tags.get(key) == Some(value));
        let found: Vec<TaggedResource> = state.tagged.iter().filter(is_meant).cloned().collect();
        self.answer(&state, "GetResources", page(&found, from, PAGE))
    }

    async fn presence(&self, things: &[Outside]) -> Result<Vec<Presence>, PortError> {
        let state = self.enter("DescribeSecret").await?;
        if self.habits().denies_presence {
            return Err(PortError::new(PortErrorKind::Denied, "DescribeSecret", "AccessDenied"));
        }
        let is_there = |thing: &Outside| match thing.name().starts_with("there") {
            true => Presence::There,
            false => Presence::Missing("is not there".to_owned()),
        };
        self.answer(&state, "DescribeSecret", things.iter().map(is_there).collect())
    }

    async fn quota(&self, _kind: QuotaKind) -> Result<Option<Quota>, PortError> {
        let state = self.enter("DescribeAccountLimits").await?;
        self.answer(&state, "DescribeAccountLimits", Some(Quota { most: 7, used: None }))
    }

    async fn restore_points(
        &self,
        _resource: &str,
        from: Option<&str>,
    ) -> Result<Page<RestorePoint>, PortError> {
        let state = self.enter("ListRecoveryPointsByResource").await?;
        self.answer(&state, "ListRecoveryPointsByResource", page(&[], from, PAGE))
    }

    async fn detect_drift(&self, stack: &str) -> Result<String, PortError> {
        let state = self.enter("DetectStackDrift").await?;
        self.answer(&state, "DetectStackDrift", stack.to_owned())
    }

    async fn drift_detection(&self, _detection: &str) -> Result<DriftDetection, PortError> {
        let state = self.enter("DescribeStackDriftDetectionStatus").await?;
        self.answer(&state, "DescribeStackDriftDetectionStatus", DriftDetection::Done { drifted: 0 })
    }

    async fn resource_drifts(&self, _stack: &str) -> Result<ResourceDrifts, PortError> {
        let state = self.enter("DescribeStackResourceDrifts").await?;
        self.answer(&state, "DescribeStackResourceDrifts", ResourceDrifts::default())
    }

    async fn wait_for_change(&self, deadline: Duration) -> Result<Changes, PortError> {
        let mut state = self.state();
        let limit = state.now + deadline;
        if !self.habits().sleeps {
            return Ok(Changes::Stacks(state.pass(limit)));
        }
        while !state.pass(limit).is_empty() {}
        state.now = limit;
        Ok(Changes::Unknown)
    }

    fn now(&self) -> Timestamp {
        self.state().now
    }
}
