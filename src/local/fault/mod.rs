//! Failures on request: of a resource, or of a call.
//!
//! May not decide what a failure leads to: operations and calls do.

mod call;
mod resource;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

pub use call::{CallFault, Trouble};
pub use resource::{FaultOperation, ResourceFault, not_empty};

/// Something that goes wrong on request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A resource fails.
    Resource(ResourceFault),
    /// A call fails, or is answered badly.
    Call(CallFault),
    /// An account may have this many stacks in a region.
    Stacks(usize),
}

impl fmt::Display for Fault {
    /// As it was written.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource(fault) => formatter.write_str(&fault.text),
            Self::Call(fault) => formatter.write_str(&fault.text),
            Self::Stacks(number) => write!(formatter, "stacks={number}"),
        }
    }
}

/// Stacks that an account may have in a region unless AWS was asked for more. Source: CloudFormation
/// user guide, "CloudFormation quotas".
const STACKS: usize = 2_000;

/// Why a text is not a fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a fault: write UNIT.RESOURCE[:OPERATION][*TIMES], for example `data.Database:update`, \
     with an operation of {operations} (the default is create), or CALL=TROUBLE[*TIMES], for example \
     `DescribeStacks=throttled*20`, with a trouble of {troubles}, or `stacks=NUMBER`, the most an account \
     may have in a region",
    operations = FaultOperation::words(),
    troubles = Trouble::words()
)]
pub struct FaultError(String);

impl FromStr for Fault {
    type Err = FaultError;

    /// Reads `UNIT.RESOURCE[:OPERATION][*TIMES]` or `CALL=TROUBLE[*TIMES]`.
    fn from_str(text: &str) -> Result<Self, FaultError> {
        let error = || FaultError(text.to_owned());
        // A star at the beginning stands for every unit or call.
        let (name, times) = match text.rsplit_once('*').filter(|(name, _)| !name.is_empty()) {
            Some((name, digits)) => {
                let times = digits.parse().ok().filter(|times| *times > 0);
                (name, Some(times.ok_or_else(error)?))
            }
            None => (text, None),
        };
        if let Some(number) = text.strip_prefix("stacks=") {
            return number.parse().map(Self::Stacks).map_err(|_| error());
        }
        let call = || CallFault::read(name, text, times).map(Self::Call);
        let resource = || ResourceFault::read(name, text, times).map(Self::Resource);
        call().or_else(resource).ok_or_else(error)
    }
}

/// The faults a cloud was opened with, and how often each may still strike.
#[derive(Debug, Default)]
pub struct Faults {
    resources: Vec<(ResourceFault, Option<u32>)>,
    /// Those that have not struck yet, by their texts.
    idle: BTreeMap<String, Fault>,
    calls: Vec<(CallFault, u32)>,
    stacks: Option<usize>,
}

impl Faults {
    /// Nothing has struck yet.
    pub fn new(faults: Vec<Fault>) -> Self {
        let mut armed = Self::default();
        for fault in faults {
            armed.idle.insert(fault.to_string(), fault.clone());
            match fault {
                Fault::Resource(fault) => {
                    let times = fault.times;
                    armed.resources.push((fault, times));
                }
                Fault::Stacks(number) => armed.stacks = Some(number),
                Fault::Call(fault) => {
                    let times = fault.times;
                    armed.calls.push((fault, times));
                }
            }
        }
        armed
    }

    /// The faults that have not struck.
    pub fn idle(&self) -> Vec<Fault> {
        self.idle.values().cloned().collect()
    }

    /// The most stacks an account may have in a region.
    pub fn stacks(&self) -> usize {
        self.stacks.unwrap_or(STACKS)
    }

    /// The same, where so many are there already.
    pub fn limit_reached(&mut self, there: usize) -> Option<usize> {
        let most = self.stacks();
        if there < most {
            return None;
        }
        self.idle.retain(|_, fault| !matches!(fault, Fault::Stacks(_)));
        Some(most)
    }

    /// Whether calls may be answered badly: then whoever calls has to pace itself as on AWS.
    pub fn has_calls(&self) -> bool {
        self.calls.iter().any(|(fault, _)| fault.trouble != Trouble::NoRollback)
    }

    /// Whether a fault will hit this operation on a resource.
    pub fn will_strike(
        &self,
        (stack_name, tags): (&str, &BTreeMap<String, String>),
        resource: &str,
        operation: FaultOperation,
    ) -> bool {
        let hits = |fault: &ResourceFault| fault.hits(stack_name, tags, resource, operation);
        self.resources.iter().any(|(fault, left)| *left != Some(0) && hits(fault))
    }

    /// The fault that hits one of these operations on a resource now, if one does.
    pub fn strike(
        &mut self,
        (stack_name, tags): (&str, &BTreeMap<String, String>),
        resource: &str,
        operations: &[FaultOperation],
    ) -> Option<&ResourceFault> {
        let hits = |fault: &ResourceFault| {
            operations.iter().any(|operation| fault.hits(stack_name, tags, resource, *operation))
        };
        let (fault, left) =
            self.resources.iter_mut().find(|(fault, left)| *left != Some(0) && hits(fault))?;
        *left = left.map(|left| left - 1);
        self.idle.remove(&fault.text);
        Some(fault)
    }

    /// What happens to this call, if anything does.
    pub fn trouble(&mut self, call: &str) -> Option<Trouble> {
        let (fault, left) = self.calls.iter_mut().find(|(fault, left)| *left > 0 && fault.hits(call))?;
        *left -= 1;
        self.idle.remove(&fault.text);
        Some(fault.trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(target: &str) -> BTreeMap<String, String> {
        [("project", "p"), ("environment", "e"), ("unit", "data"), ("target", target)]
            .map(|(key, value)| (format!("rekindle:{key}"), value.to_owned()))
            .into()
    }

    fn strikes(faults: &mut Faults, stack: &str, tags: &BTreeMap<String, String>, resource: &str) -> bool {
        faults.strike((stack, tags), resource, &[FaultOperation::Update]).is_some()
    }

    fn idle(faults: &Faults) -> Vec<String> {
        faults.idle().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn faults_of_resources_are_read_and_matched() {
        let mut faults = Faults::new(vec!["data@recovery.Database:update".parse().unwrap()]);
        assert!(strikes(&mut faults, "any", &tags("recovery"), "Database"));
        assert!(!strikes(&mut faults, "any", &tags("primary"), "Database"));
        let recovery = tags("recovery");
        assert!(faults.strike(("any", &recovery), "Database", &[FaultOperation::Create]).is_none());
        let mut plain = Faults::new(vec!["my-stack.Topic:update*2".parse().unwrap()]);
        let none = BTreeMap::new();
        let struck = [(); 3].map(|()| strikes(&mut plain, "my-stack", &none, "Topic"));
        assert_eq!(struck, [true, true, false]);
        assert!(plain.idle().is_empty());
        assert_eq!(idle(&Faults::new(vec!["data.Topic".parse().unwrap()])), ["data.Topic"]);
        let mut everywhere = Faults::new(vec!["*.Topic:update".parse().unwrap()]);
        assert!(strikes(&mut everywhere, "my-stack", &none, "Topic"));
    }

    #[test]
    fn faults_of_calls_are_read_and_matched() {
        let mut faults = Faults::new(
            ["DescribeStacks=stale", "*=throttled*2"].iter().map(|text| text.parse().unwrap()).collect(),
        );
        let troubles = ["DescribeStacks", "DescribeStacks", "CreateStack", "CreateStack"];
        assert_eq!(
            troubles.map(|call| faults.trouble(call)),
            [Some(Trouble::Stale), Some(Trouble::Throttled), Some(Trouble::Throttled), None]
        );
    }

    #[test]
    fn faults_of_every_kind_are_idle_until_they_strike() {
        let texts = ["CreateStack=lost*2", "data.Topic:delete", "stacks=1"];
        let mut faults = Faults::new(texts.iter().map(|text| text.parse().unwrap()).collect());
        assert_eq!(faults.trouble("DescribeStacks"), None);
        assert_eq!(faults.limit_reached(0), None);
        assert_eq!(idle(&faults), texts);
        assert!(faults.trouble("CreateStack").is_some());
        assert_eq!(idle(&faults), ["data.Topic:delete", "stacks=1"]);
        assert_eq!(faults.limit_reached(1), Some(1));
        assert_eq!(idle(&faults), ["data.Topic:delete"]);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "data",
            ".Database",
            "data.",
            "data.Database:explode",
            "data.Database*0",
            "data.Database*many",
            "CreateStack=eaten",
            "CreateStack=stale",
            "MakeStack=lost",
            "=lost",
            "stacks=many",
        ] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }
}
