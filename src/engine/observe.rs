//! One look at an environment: the pages of one DescribeStacks per cloud, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::clouds::{Cloud, Clouds};
use crate::engine::lane::{CallError, Lane, advice};
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{Event, EventSink, Stop};
use crate::model::facts::Identity;
use crate::model::{EnvironmentName, ObservedStack, ProjectName, StackName, TargetName};
use crate::plan::Observation;
use crate::port::{PortError, PortErrorKind};

/// What to look for.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The project.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
    /// Names that the source wants to use, by target: whoever has them is of interest.
    pub wanted: BTreeMap<TargetName, BTreeSet<StackName>>,
}

/// Why an environment could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// A call failed.
    #[error("the stacks of target `{target}` could not be read")]
    Call {
        /// A target whose cloud did not answer.
        target: String,
        /// What it said.
        #[source]
        source: PortError,
    },
    /// The run was stopped.
    #[error("stopped while reading the stacks; nothing was changed")]
    Stopped,
}

impl ObserveError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Call { source, .. } => advice(source),
            Self::Stopped => "run the same command again".to_owned(),
        }
    }
}

/// Looks at the environment, the environments it uses, and those that may use it.
///
/// Where listing is denied, the wanted names are read one by one, and a notice says that other
/// stacks were not looked for.
///
/// # Errors
/// See [`ObserveError`].
pub async fn observe(
    clouds: &Clouds,
    scope: &Scope,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<Observation, ObserveError> {
    let session = Session::new(clouds, sink, stop, Patience::Short);
    let listed = session.run(list_all(&session, clouds, scope)).await;
    let listed = listed.map_err(|source| ObserveError::Call { target: "primary".to_owned(), source })??;
    Ok(sort(clouds, scope, listed))
}

/// Each distinct cloud with its stacks.
type Listed = Vec<(Arc<Cloud>, Vec<ObservedStack>)>;

async fn list_all(session: &Session<'_>, clouds: &Clouds, scope: &Scope) -> Result<Listed, ObserveError> {
    let mut strands = Strands::new(session.activity());
    for lane in session.lanes() {
        strands.push(async move { (lane, list(lane, clouds, scope).await) });
    }
    let mut listed = Vec::new();
    for (lane, stacks) in strands.all().await {
        let stacks = stacks.map_err(|error| match error {
            CallError::Stopped => ObserveError::Stopped,
            CallError::Failed { error: source, .. } => {
                ObserveError::Call { target: target_of(clouds, &lane.cloud), source }
            }
        })?;
        listed.push((Arc::clone(&lane.cloud), stacks));
    }
    Ok(listed)
}

async fn list(lane: &Lane<'_>, clouds: &Clouds, scope: &Scope) -> Result<Vec<ObservedStack>, CallError> {
    let error = match lane.list().await {
        Err(CallError::Failed { error, .. }) if error.kind == PortErrorKind::Denied => error,
        other => return other,
    };
    let here =
        |target: &TargetName| clouds.targets.get(target).is_some_and(|cloud| Arc::ptr_eq(cloud, &lane.cloud));
    let names: BTreeSet<&StackName> =
        scope.wanted.iter().filter(|(target, _)| here(target)).flat_map(|(_, names)| names).collect();
    if names.is_empty() {
        return Err(error.into());
    }
    let message =
        "listing all stacks is not allowed: only stacks the source names were looked for".to_owned();
    lane.send(Event::Notice { time: lane.now(), instance: None, message });
    read_by_name(lane, names).await
}

async fn read_by_name(lane: &Lane<'_>, names: BTreeSet<&StackName>) -> Result<Vec<ObservedStack>, CallError> {
    let mut strands = Strands::new(lane.clock.activity());
    for name in names {
        strands.push(lane.call(move |port| port.describe_stack(name.as_str())));
    }
    let found: Result<Vec<_>, _> = strands.all().await.into_iter().collect();
    Ok(found?.into_iter().flatten().collect())
}

/// A target, or a used environment's, whose cloud this is.
fn target_of(clouds: &Clouds, cloud: &Arc<Cloud>) -> String {
    let own = clouds.targets.iter().find(|(_, candidate)| Arc::ptr_eq(candidate, cloud));
    if let Some((target, _)) = own {
        return target.to_string();
    }
    let used = clouds.used.iter().find_map(|(environment, targets)| {
        let (target, _) = targets.iter().find(|(_, candidate)| Arc::ptr_eq(candidate, cloud))?;
        Some(format!("{target}` of environment `{environment}"))
    });
    used.unwrap_or_default()
}

/// Puts every stack that matters where the plan looks for it.
fn sort(clouds: &Clouds, scope: &Scope, listed: Listed) -> Observation {
    let mut observation = Observation::default();
    for target in clouds.targets.keys() {
        observation.stacks.insert(target.clone(), Vec::new());
    }
    for (cloud, stacks) in listed {
        let served = |targets: &BTreeMap<TargetName, Arc<Cloud>>| -> Vec<TargetName> {
            let here = targets.iter().filter(|(_, candidate)| Arc::ptr_eq(candidate, &cloud));
            here.map(|(target, _)| target.clone()).collect()
        };
        let own = served(&clouds.targets);
        for stack in stacks.into_iter().filter(|stack| stack.parent.is_none() && !stack.status.is_gone()) {
            let stack = Arc::new(stack);
            let identity = stack.identity().filter(|identity| identity.project == scope.project);
            for target in own.iter().filter(|target| is_of(scope, &own, target, &stack, identity.as_ref())) {
                observation.stacks.entry(target.clone()).or_default().push(Arc::clone(&stack));
            }
            let other = identity.filter(|identity| identity.environment != scope.environment);
            if let Some(identity) = other {
                let targets = observation.others.entry(identity.environment).or_default();
                targets.entry(identity.instance.target).or_default().push(stack);
            }
        }
    }
    observation
}

/// Whether the stack matters to that target: by its tags, by its name, or because its tags name a
/// target that is elsewhere, which the first target here has to answer for.
fn is_of(
    scope: &Scope,
    here: &[TargetName],
    target: &TargetName,
    stack: &ObservedStack,
    identity: Option<&Identity>,
) -> bool {
    let has_wanted_name =
        scope.wanted.get(target).is_some_and(|names| names.iter().any(|name| name.as_str() == stack.name));
    let is_tagged =
        identity.filter(|identity| identity.environment == scope.environment).is_some_and(|identity| {
            let own = &identity.instance.target;
            own == target || (!here.contains(own) && here.first() == Some(target))
        });
    has_wanted_name || is_tagged
}
