//! Failures on request: of a resource, or of a call.
//!
//! May not decide what a failure leads to: operations and calls do.

mod call;
mod resource;

use std::collections::{BTreeMap, BTreeSet};
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
        let call = || CallFault::read(name, times).map(Self::Call);
        let resource = || ResourceFault::read(name, text, times).map(Self::Resource);
        call().or_else(resource).ok_or_else(error)
    }
}

/// The faults a cloud was opened with, and how often each may still strike.
#[derive(Debug, Default)]
pub struct Faults {
    resources: Vec<(ResourceFault, Option<u32>)>,
    /// Texts of faults of resources that have not struck yet.
    idle: BTreeSet<String>,
    calls: Vec<(CallFault, u32)>,
    stacks: Option<usize>,
}

impl Faults {
    /// Nothing has struck yet.
    pub fn new(faults: Vec<Fault>) -> Self {
        let mut armed = Self::default();
        for fault in faults {
            match fault {
                Fault::Resource(fault) => {
                    let times = fault.times;
                    armed.idle.insert(fault.text.clone());
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

    /// The faults of resources that have not struck, as they were written.
    pub fn idle(&self) -> Vec<String> {
        self.idle.iter().cloned().collect()
    }

    /// How many stacks an account may have in a region.
    pub fn stacks(&self) -> usize {
        self.stacks.unwrap_or(STACKS)
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
        assert_eq!(Faults::new(vec!["data.Topic".parse().unwrap()]).idle(), ["data.Topic"]);
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
