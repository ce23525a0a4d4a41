//! Proves that what runs is what the source says, or names every difference.

mod compare;
mod difference;
mod drift;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::clouds::Clouds;
use crate::engine::execute::{is_allow_all, used_outputs};
use crate::engine::lane::{CallError, Lane, advice};
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{EventSink, Stop};
use crate::model::{InstanceName, ObservedStack, SealedUnit, TargetName};
use crate::plan::Observation;
use crate::port::PortError;

pub use difference::Difference;
pub(super) use drift::detect;

use compare::References;
use drift::Drift;

/// How thoroughly to verify.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// Whether CloudFormation compares each resource with its template, which takes it a while.
    pub drift: bool,
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// Every instance of the source, and extra stacks, by name.
    pub units: Vec<VerifiedUnit>,
}

impl VerifyReport {
    /// Whether everything is as the source says.
    pub fn is_equal(&self) -> bool {
        self.units.iter().all(|unit| unit.differences.is_empty())
    }
}

/// What was found of one instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerifiedUnit {
    /// The instance.
    pub instance: InstanceName,
    /// Its stack's name.
    pub stack: String,
    /// How it differs; empty when it does not.
    pub differences: Vec<Difference>,
    /// Resources of which drift detection says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unchecked: Vec<Unchecked>,
}

/// A resource that CloudFormation does not compare with its template: it cannot, for this type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unchecked {
    /// Logical id; those of nested stacks have the nested stack's before them.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
}

/// Why a verification came to no result.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A call failed.
    #[error("stack `{stack}` could not be verified")]
    Call {
        /// Its name.
        stack: String,
        /// What the cloud said.
        #[source]
        source: PortError,
    },
    /// Waiting itself failed.
    #[error("the clouds could not be waited for")]
    Wait(#[source] PortError),
    /// Nobody serves a target of the source.
    #[error("target `{target}` has no cloud")]
    NoCloud {
        /// The target.
        target: TargetName,
    },
    /// The run was stopped.
    #[error("stopped before everything was verified")]
    Stopped,
}

impl VerifyError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Call { source, .. } | Self::Wait(source) => advice(source),
            Self::NoCloud { target } => format!("name target `{target}` in `rekindle.yaml`"),
            Self::Stopped => "run the same command again".to_owned(),
        }
    }
}

/// Compares every desired unit with its stack in `observation`, which should be fresh: facts,
/// resolved parameters, template, status, tags, termination protection, stack policy, and on demand
/// drift. One GetTemplate per stack.
///
/// # Errors
/// See [`VerifyError`]. Differences are no error.
pub async fn verify(
    clouds: &Clouds,
    desired: &[SealedUnit],
    observation: &Observation,
    options: VerifyOptions,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<VerifyReport, VerifyError> {
    let found = Found::new(desired, observation);
    let session = Session::new(clouds, sink, stop, Patience::Long);
    let work = async {
        let mut strands = Strands::new(session.activity());
        for unit in desired {
            let target = &unit.instance().target;
            let lane = session.target(target).ok_or(VerifyError::NoCloud { target: target.clone() })?;
            strands.push(verify_unit(lane, unit, &found, options));
        }
        strands.all().await.into_iter().collect::<Result<Vec<_>, _>>()
    };
    let units = tokio::select! {
        units = session.run(work) => units.map_err(VerifyError::Wait)?,
        () = stop.finishing() => return Err(VerifyError::Stopped),
    };
    let mut units = units?;
    units.extend(found.extra);
    units.sort_by(|one, other| (&one.instance, &one.stack).cmp(&(&other.instance, &other.stack)));
    Ok(VerifyReport { units })
}

/// The environment's stacks, by the instance they are.
struct Found<'o> {
    by_instance: BTreeMap<InstanceName, Vec<&'o ObservedStack>>,
    foreign: BTreeMap<(TargetName, &'o str), &'o ObservedStack>,
    extra: Vec<VerifiedUnit>,
    references: References,
}

impl<'o> Found<'o> {
    fn new(desired: &[SealedUnit], observation: &'o Observation) -> Self {
        let mut by_instance: BTreeMap<InstanceName, Vec<&ObservedStack>> = BTreeMap::new();
        let mut foreign = BTreeMap::new();
        let wanted: BTreeSet<&InstanceName> = desired.iter().map(|unit| unit.instance()).collect();
        let environment = desired.first().map(|unit| &unit.identity.environment);
        for (target, stack) in observation
            .stacks
            .iter()
            .flat_map(|(target, stacks)| stacks.iter().map(move |stack| (target, stack)))
        {
            match stack.identity() {
                Some(identity) if environment.is_none_or(|name| *name == identity.environment) => {
                    let stacks = by_instance.entry(identity.instance).or_default();
                    if !stacks.iter().any(|known| known.id == stack.id) {
                        stacks.push(stack);
                    }
                }
                _ => drop(foreign.insert((target.clone(), stack.name.as_str()), &**stack)),
            }
        }
        let extra = by_instance
            .iter()
            .filter(|(instance, _)| !wanted.contains(instance))
            .flat_map(|(instance, stacks)| stacks.iter().map(|stack| extra(instance, stack)))
            .collect();
        let own = by_instance
            .iter()
            .filter_map(|(instance, stacks)| Some((instance.clone(), stacks.first()?.outputs.clone())));
        let references = References { own: own.collect(), used: used_outputs(&observation.others) };
        Self { by_instance, foreign, extra, references }
    }
}

fn extra(instance: &InstanceName, stack: &ObservedStack) -> VerifiedUnit {
    VerifiedUnit {
        instance: instance.clone(),
        stack: stack.name.clone(),
        differences: vec![Difference::Extra],
        unchecked: Vec::new(),
    }
}

async fn verify_unit(
    lane: &Lane<'_>,
    desired: &SealedUnit,
    found: &Found<'_>,
    options: VerifyOptions,
) -> Result<VerifiedUnit, VerifyError> {
    let instance = desired.instance();
    let mut unit = VerifiedUnit {
        instance: instance.clone(),
        stack: desired.stack.to_string(),
        differences: Vec::new(),
        unchecked: Vec::new(),
    };
    let stacks = found.by_instance.get(instance).map(Vec::as_slice).unwrap_or_default();
    let Some(stack) = stacks.first() else {
        let is_taken = found.foreign.contains_key(&(instance.target.clone(), desired.stack.as_str()));
        unit.differences.push(if is_taken { Difference::Foreign } else { Difference::Missing });
        return Ok(unit);
    };
    unit.stack.clone_from(&stack.name);
    unit.differences = compare::compare(desired, stack, &found.references);
    unit.differences.extend(stacks[1..].iter().map(|other| Difference::Doubled { other: other.id.clone() }));
    let read = read(lane, desired, stack, options).await.map_err(|error| match error {
        CallError::Stopped => VerifyError::Stopped,
        CallError::Failed { error: source, .. } => VerifyError::Call { stack: stack.name.clone(), source },
    })?;
    unit.differences.extend(read.differences);
    unit.unchecked = read.unchecked;
    Ok(unit)
}

/// What only further calls show.
async fn read(
    lane: &Lane<'_>,
    desired: &SealedUnit,
    stack: &ObservedStack,
    options: VerifyOptions,
) -> Result<Drift, CallError> {
    let text = lane.call(|port| port.template(&stack.id)).await?;
    let mut differences: Vec<Difference> = compare::template(desired, &text).into_iter().collect();
    if let Some(expected) = &desired.stack_policy {
        let policy = lane.call(|port| port.stack_policy(&stack.id)).await?;
        let actual = policy.filter(|text| !is_allow_all(text)).and_then(|text| parse(&text));
        if actual.as_ref() != Some(expected) {
            differences.push(Difference::StackPolicy);
        }
    }
    let mut read = Drift { differences, ..Drift::default() };
    if options.drift {
        let Drift { differences, unchecked } = drift::drift(lane, desired, stack).await?;
        read.differences.extend(differences);
        read.unchecked = unchecked;
    }
    Ok(read)
}

fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}
