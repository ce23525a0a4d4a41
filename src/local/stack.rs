//! The record of a stack: everything that is stored of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::local::context::{Body, Context, PrepareError};
use crate::local::derive;
use crate::local::evaluate::Pseudo;
use crate::local::operation::Operation;
use crate::local::place::Place;
use crate::local::resource::{Owner, Resource};
use crate::model::{Change, Digest, ObservedStack, StackEvent, StackStatus};

/// An output of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackOutput {
    /// Its value.
    pub value: String,
    /// The name other stacks import it by.
    pub export: Option<String>,
}

/// A change set of a stack.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredChangeSet {
    /// Its name.
    pub name: String,
    /// What the stack would be made of.
    pub body: Body,
    /// Digest of the request, and its client token.
    pub request: (String, Digest),
    /// How far it is.
    pub state: ChangeSetState,
    /// What executing it does.
    #[serde(default)]
    pub kind: ChangeSetKind,
}

/// What executing a change set does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeSetKind {
    /// It updates the stack.
    #[default]
    Update,
    /// It makes the stack.
    Create,
    /// It takes existing resources in: their physical ids by logical id.
    Import(BTreeMap<String, String>),
    /// It updates the stack and sets back what was changed or deleted by hand.
    RevertDrift,
    /// It makes the stack and takes in what exists already.
    Adopt,
}

/// How far a change set is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ChangeSetState {
    /// Still being computed.
    Pending,
    /// Can be executed.
    Ready(Vec<Change>),
    /// Nothing would change.
    Empty,
    /// It could not be computed, and why.
    Failed(String),
}

/// Where a stack is nested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The parent's ARN.
    pub id: String,
    /// The logical id of this stack there.
    pub logical_id: String,
    /// ARN of the stack at the root of the tree.
    pub root: String,
}

/// A stack.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stack {
    /// ARN.
    pub id: String,
    /// Name.
    pub name: String,
    /// Account and region.
    pub place: Place,
    /// How many stacks of this name there were up to this one.
    pub incarnation: u32,
    /// How many operations began so far.
    pub generation: u32,
    /// Status.
    pub status: StackStatus,
    /// Why.
    pub status_reason: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When the last update began.
    pub updated: Option<Timestamp>,
    /// When it was gone.
    pub deleted: Option<Timestamp>,
    /// What it is made of.
    pub body: Body,
    /// Outputs by logical name.
    pub outputs: BTreeMap<String, StackOutput>,
    /// Exports its outputs import.
    pub output_imports: BTreeSet<String>,
    /// Physical resources by logical id.
    pub resources: BTreeMap<String, Resource>,
    /// Whether deletion is refused.
    pub termination_protection: bool,
    /// Stack policy as a JSON text.
    pub policy: Option<String>,
    /// What is going on.
    pub operation: Option<Operation>,
    /// Where it is nested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Resources of a nested stack when it was made: a tree of stacks is bounded.
    #[serde(default)]
    pub size: usize,
    /// An operation that stopped half-way and can be taken up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<Operation>,
    /// Change sets by ARN.
    pub change_sets: BTreeMap<String, StoredChangeSet>,
    /// ARN of the change set that was executed last.
    pub executed: Option<String>,
    /// Digests of accepted requests by client token.
    pub tokens: BTreeMap<String, Digest>,
    /// History, oldest first. Stored apart.
    #[serde(skip)]
    pub events: Vec<StackEvent>,
    /// How many of the events are stored.
    #[serde(skip)]
    pub stored_events: usize,
    /// What the operation works from; read again from the body when a process takes over.
    #[serde(skip)]
    pub context: Option<Arc<Context>>,
}

impl Stack {
    /// A stack in which nothing has happened yet.
    pub fn new(place: Place, name: &str, incarnation: u32, body: Body, now: Timestamp) -> Self {
        Self {
            id: stack_id(&place, name, incarnation),
            name: name.to_owned(),
            place,
            incarnation,
            generation: 0,
            status: StackStatus::CreateInProgress,
            status_reason: None,
            created: now,
            updated: None,
            deleted: None,
            body,
            outputs: BTreeMap::new(),
            output_imports: BTreeSet::new(),
            resources: BTreeMap::new(),
            termination_protection: false,
            policy: None,
            operation: None,
            parent: None,
            size: 0,
            suspended: None,
            change_sets: BTreeMap::new(),
            executed: None,
            tokens: BTreeMap::new(),
            events: Vec::new(),
            stored_events: 0,
            context: None,
        }
    }

    /// The stack as DescribeStacks shows it.
    pub fn observed(&self) -> ObservedStack {
        let shown = |(name, value): (&String, &String)| {
            let hidden = self.body.secrets.contains(name);
            (name.clone(), if hidden { "****".to_owned() } else { value.clone() })
        };
        ObservedStack {
            id: self.id.clone(),
            name: self.name.clone(),
            status: self.status.clone(),
            status_reason: self.status_reason.clone(),
            parameters: self.body.parameters.iter().map(shown).collect(),
            outputs: self.outputs.iter().map(|(name, output)| (name.clone(), output.value.clone())).collect(),
            tags: self.body.tags.clone(),
            capabilities: self.body.capabilities.clone(),
            role: self.body.service_role.clone(),
            termination_protection: self.termination_protection,
            parent: self.parent.as_ref().map(|parent| parent.id.clone()),
            created: Some(self.created),
            updated: self.updated,
        }
    }

    /// The ARN of the stack at the root of its tree: its own where it is not nested.
    pub fn root(&self) -> &str {
        self.parent.as_ref().map_or(&self.id, |parent| &parent.root)
    }

    /// Pseudo parameters for an operation that makes this stack of `body`.
    pub fn pseudo(&self, notifications: &[String]) -> Pseudo {
        Pseudo {
            place: self.place.clone(),
            stack_name: self.name.clone(),
            stack_id: self.id.clone(),
            notifications: notifications.to_vec(),
        }
    }

    /// What an operation that began as the `generation`th makes physical ids from.
    pub fn owner(&self, generation: u32) -> Owner<'_> {
        Owner { place: &self.place, stack_name: &self.name, stack_id: &self.id, generation }
    }

    /// What the operation under way works from.
    ///
    /// # Errors
    /// [`PrepareError`] when the stored body can no longer be read, which only another version of
    /// this engine can cause.
    pub fn context(&mut self) -> Result<Arc<Context>, PrepareError> {
        if let Some(context) = &self.context {
            return Ok(Arc::clone(context));
        }
        let goal = self.operation.as_ref().and_then(|operation| operation.goal.as_ref());
        let body = goal.unwrap_or(&self.body);
        let context = Arc::new(Context::of_body(body, self.pseudo(&body.notifications))?);
        self.context = Some(Arc::clone(&context));
        Ok(context)
    }

    /// Appends an event of a resource, or of the stack itself.
    pub fn record(&mut self, event: NewEvent<'_>, now: Timestamp) {
        let number = self.events.len();
        let token = self.operation.as_ref().map(|operation| operation.token.clone());
        self.events.push(StackEvent {
            id: format!("{}-{number:06}", derive::hex(&self.id, 16)),
            time: now,
            logical_id: event.logical_id.to_owned(),
            physical_id: event.physical_id.map(str::to_owned),
            resource_type: event.resource_type.to_owned(),
            status: event.status.to_owned(),
            reason: event.reason,
            token,
        });
    }

    /// Sets the status and records it as an event.
    pub fn enter(&mut self, status: StackStatus, reason: Option<String>, now: Timestamp) {
        let (name, id) = (self.name.clone(), self.id.clone());
        let event = NewEvent {
            logical_id: &name,
            physical_id: Some(&id),
            resource_type: "AWS::CloudFormation::Stack",
            status: status.as_str(),
            reason: reason.clone(),
        };
        self.record(event, now);
        self.status = status;
        self.status_reason = reason;
    }
}

/// An event before it has an id.
#[derive(Debug)]
pub struct NewEvent<'a> {
    /// Logical id.
    pub logical_id: &'a str,
    /// Physical id, where one is known.
    pub physical_id: Option<&'a str>,
    /// Resource type.
    pub resource_type: &'a str,
    /// The API's word.
    pub status: &'a str,
    /// Why.
    pub reason: Option<String>,
}

/// The ARN of the stack that is the `incarnation`th of its name.
pub fn stack_id(place: &Place, name: &str, incarnation: u32) -> String {
    let plain = place.cloudformation_arn(&format!("stack/{name}"));
    format!("{plain}/{}", derive::uuid(&format!("{plain}/{incarnation}")))
}
