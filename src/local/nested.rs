//! Nested stacks: what stacks of one tree tell each other.
//!
//! A stack never touches another one: it writes letters, which the world delivers after the stack
//! has been put back. An update of a child stops before its clean-up until the parent's own update
//! has succeeded, so that all of it can still be taken back.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::local::context::{Body, Context};
use crate::model::StackStatus;

/// The type of a nested stack.
pub const NESTED: &str = "AWS::CloudFormation::Stack";

/// Most resources in one tree of stacks. Source: CloudFormation user guide, "CloudFormation quotas".
pub const MAXIMUM_RESOURCES: usize = 2_500;

/// What one stack has to tell another.
#[derive(Debug)]
pub struct Letter {
    /// ARN of the stack it is for.
    pub to: String,
    /// What it says.
    pub content: Content,
}

/// What a letter says.
#[derive(Debug)]
pub enum Content {
    /// To a child that does not exist yet: be made of this.
    Create(Box<Birth>),
    /// To a child: become this, in the parent's operation with this client token.
    Update(Box<Body>, Arc<Context>, String),
    /// To a child: stop what you are at, and go back.
    Cancel,
    /// To a child: the update counts, clean up.
    Proceed,
    /// To a child: the update does not count, go back.
    TakeBack,
    /// To a child: go, in the parent's operation with this client token.
    Delete(String),
    /// To a parent: how its child is.
    Report(Report),
}

/// A child that is to be made.
#[derive(Debug)]
pub struct Birth {
    /// The parent's ARN.
    pub parent: String,
    /// Its logical id there.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// What it is made of.
    pub body: Body,
    /// The same, read.
    pub context: Arc<Context>,
    /// Minutes after which its creation is given up.
    pub timeout_minutes: Option<i64>,
    /// Client token of the parent's operation.
    pub token: String,
}

/// How a child is.
#[derive(Clone, Debug)]
pub struct Report {
    /// The child's logical id in its parent.
    pub logical_id: String,
    /// Its status.
    pub status: StackStatus,
    /// Why.
    pub reason: Option<String>,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// Whether it had nothing to do.
    pub untouched: bool,
    /// Whether it could not even be begun: there is nothing of it.
    pub unborn: bool,
}

impl Report {
    /// The attributes of the resource that stands for the child.
    pub fn attributes(&self) -> BTreeMap<String, Value> {
        let outputs = self.outputs.iter();
        outputs.map(|(name, value)| (format!("Outputs.{name}"), json!(value))).collect()
    }
}
