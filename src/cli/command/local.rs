//! `rekindle local`: acts in the embedded cloud as somebody else would, to practise on.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::local_arguments::{
    BackUpArguments, ContinueArguments, DeleteArguments, FillArguments, HandArguments, LocalCommand,
    OrphansArguments, ResourceArguments,
};
use crate::cli::{Session, runtime};
use crate::disk::clock;
use crate::local::{Client, Cloud, Options};
use crate::model::facts::Identity;
use crate::model::{
    Environment, EnvironmentName, InstanceName, ObservedStack, ProjectName, ProviderKind, Target, TargetName,
};
use crate::port::{CloudFormation, ContinueRollback, DeleteStack, PortError};
use crate::ui::orphans_view::{self, Row};
use crate::ui::text;

/// Why there is nothing to act on.
#[derive(Debug, thiserror::Error)]
enum NothingThere {
    #[error("`{0}` has no target on the embedded engine")]
    Target(EnvironmentName),
    #[error("`{0}` has no stack on the embedded engine")]
    Stack(InstanceName),
    #[error("`{0}` is no resource of a unit: write UNIT.RESOURCE")]
    Resource(String),
    #[error("`{0}` is no property: write PROPERTY=VALUE")]
    Property(String),
    #[error("the property `{0}` is given twice")]
    Twice(String),
    #[error("the value of `{property}` begins like JSON and is none: {source}")]
    Json {
        property: String,
        #[source]
        source: serde_json::Error,
    },
}

/// How long one wait for the virtual clock may take.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Acts, and shows what came of it.
pub fn run(session: &Session, command: &LocalCommand) -> Result<ExitCode, Failure> {
    match command {
        LocalCommand::Orphans(arguments) => orphans(session, arguments),
        LocalCommand::Change(arguments) => change(session, arguments),
        LocalCommand::Fill(FillArguments {
            resource: ResourceArguments { environment, resource: text },
            number,
            left_over,
        }) => {
            let (unit, resource) = resource(text)?;
            let place = Place::open(session, environment)?;
            let (client, stack) = place.stack(&unit)?;
            runtime::run(async |_| match left_over {
                true => Ok(client.leave(&stack.id, resource, *number).await?),
                false => Ok(client.fill(&stack.id, resource, *number).await?),
            })?;
            session.console.progress(&format!("put {number} more into {resource} of {unit} by hand\n"))?;
            Ok(ExitCode::Done)
        }
        LocalCommand::Empty(arguments) => {
            let place = Place::open(session, &arguments.environment)?;
            let (unit, resource) = resource(&arguments.resource)?;
            let (client, stack) = place.stack(&unit)?;
            let number = runtime::run(async |_| Ok(client.empty(&stack.id, resource).await?))?;
            session.console.progress(&format!("took {number} out of {resource} of {unit} by hand\n"))?;
            Ok(ExitCode::Done)
        }
        LocalCommand::BackUp(BackUpArguments { resource: of, incomplete }) => {
            let place = Place::open(session, &of.environment)?;
            let (unit, resource) = resource(&of.resource)?;
            let (client, stack) = place.stack(&unit)?;
            let id = runtime::run(async |_| Ok(client.back_up(&stack.id, resource, !incomplete).await?))?;
            session.console.result(&format!("{id}\n"))?;
            Ok(ExitCode::Done)
        }
        LocalCommand::Remove(arguments) => {
            let place = Place::open(session, &arguments.environment)?;
            let (unit, resource) = resource(&arguments.resource)?;
            let (client, stack) = place.stack(&unit)?;
            runtime::run(async |_| Ok(client.delete_by_hand(&stack.id, resource).await?))?;
            session.console.progress(&format!("deleted {resource} of {unit} by hand\n"))?;
            Ok(ExitCode::Done)
        }
        LocalCommand::Forget(arguments) => {
            let place = Place::open(session, &arguments.environment)?;
            let (resource_type, id) = (&arguments.resource_type, &arguments.physical_id);
            let found = |client: &&Client| client.orphans().iter().any(|it| it.resource.physical_id == *id);
            let client = place.clients.values().find(found).or(place.clients.values().next());
            let client = client.expect("a place has at least one target");
            runtime::run(async |_| Ok(client.delete_orphan(resource_type, id).await?))?;
            session.console.progress(&format!("deleted {resource_type} {id}\n"))?;
            Ok(ExitCode::Done)
        }
        LocalCommand::Continue(arguments) => go_on(session, arguments),
        LocalCommand::Delete(arguments) => delete(session, arguments),
    }
}

/// The targets of an environment that are on the embedded engine.
struct Place {
    /// The project and the environment.
    owner: (ProjectName, EnvironmentName),
    clients: BTreeMap<TargetName, Client>,
}

impl Place {
    fn open(session: &Session, environment: &EnvironmentName) -> Result<Self, Failure> {
        let Environment { project, name, targets, .. } = session.project()?.environment(environment)?;
        let is_local = |(_, target): &(&TargetName, &Target)| target.provider == ProviderKind::Local;
        let local: Vec<_> = targets.iter().filter(is_local).collect();
        if local.is_empty() {
            return Err(Failure::new(ExitCode::Error, NothingThere::Target(environment.clone()))
                .hint("what stands on AWS is changed with AWS's own tools"));
        }
        let state = session.state()?;
        state.make()?;
        let engine = Cloud::open(&state.local(), Options { now: clock::now(), faults: Vec::new() })?;
        engine.set_answers(session.answers()?);
        let client = |(name, target): (&TargetName, &Target)| {
            (name.clone(), engine.client(target.account.clone(), target.region.clone()))
        };
        Ok(Self { owner: (project, name), clients: local.into_iter().map(client).collect() })
    }

    fn stack(&self, unit: &InstanceName) -> Result<(&Client, ObservedStack), Failure> {
        let missing = || {
            let hint = format!("`rekindle status {}` shows what stands", self.owner.1);
            Failure::new(ExitCode::Error, NothingThere::Stack(unit.clone())).hint(hint)
        };
        let client = self.clients.get(&unit.target).ok_or_else(missing)?;
        let found = runtime::run(async |_| Ok(find(client, &self.owner, unit).await?))?;
        Ok((client, found.ok_or_else(missing)?))
    }
}

async fn find(
    client: &Client,
    (project, environment): &(ProjectName, EnvironmentName),
    unit: &InstanceName,
) -> Result<Option<ObservedStack>, PortError> {
    let mut next: Option<String> = None;
    loop {
        let page = client.describe_stacks(next.as_deref()).await?;
        let is_meant =
            |it: &Identity| it.project == *project && it.environment == *environment && it.instance == *unit;
        let is_it = |stack: &ObservedStack| stack.identity().as_ref().is_some_and(is_meant);
        if let Some(found) = page.items.into_iter().find(is_it) {
            return Ok(Some(found));
        }
        next = page.next;
        if next.is_none() {
            return Ok(None);
        }
    }
}

fn resource(text: &str) -> Result<(InstanceName, &str), Failure> {
    let wrong = || Failure::new(ExitCode::Usage, NothingThere::Resource(text.to_owned()));
    let (unit, resource) = text.split_once('.').ok_or_else(wrong)?;
    Ok((unit.parse().map_err(|_| wrong())?, resource))
}

fn orphans(session: &Session, arguments: &OrphansArguments) -> Result<ExitCode, Failure> {
    let environment = &arguments.environment;
    let place = Place::open(session, environment)?;
    let rows = place.clients.iter().flat_map(|(target, client)| {
        client.orphans().into_iter().map(|orphan| Row {
            target: target.clone(),
            resource_type: orphan.resource.resource_type,
            physical_id: orphan.resource.physical_id,
            origin: orphan.origin.as_str(),
            stack: orphan.stack,
            environment: orphan.environment,
            logical_id: orphan.logical_id,
            since: orphan.since,
        })
    });
    let is_own = |row: &Row| row.environment.as_ref() == Some(&place.owner);
    let (own, others): (Vec<Row>, Vec<Row>) = rows.partition(is_own);
    let console = &session.console;
    if console.is_json() {
        let shown = own.iter().chain(others.iter().filter(|_| arguments.all));
        console.document(&orphans_view::document(environment, shown))?;
    } else {
        console.result(&orphans_view::orphans(environment, &own))?;
        if arguments.all {
            console.result(&orphans_view::others(&others))?;
        }
    }
    if !arguments.all && !others.is_empty() {
        let number = text::count(others.len(), "thing");
        console.progress(&format!(
            "{number} more in the same place, not left by {environment}: add `--all`\n"
        ))?;
    }
    Ok(ExitCode::Done)
}

fn change(session: &Session, arguments: &HandArguments) -> Result<ExitCode, Failure> {
    let (unit, resource) = resource(&arguments.resource.resource)?;
    let properties = properties(&arguments.properties)?;
    let place = Place::open(session, &arguments.resource.environment)?;
    let (client, stack) = place.stack(&unit)?;
    runtime::run(async |_| Ok(client.change_by_hand(&stack.id, resource, &properties).await?))?;
    session.console.progress(&format!("changed {resource} of {unit} by hand\n"))?;
    Ok(ExitCode::Done)
}

fn properties(given: &[String]) -> Result<BTreeMap<String, Value>, Failure> {
    let mut properties = BTreeMap::new();
    for text in given {
        let wrong = || Failure::new(ExitCode::Usage, NothingThere::Property(text.clone()));
        let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(wrong)?;
        if properties.insert(name.to_owned(), value_of(name, value)?).is_some() {
            return Err(Failure::new(ExitCode::Usage, NothingThere::Twice(name.to_owned()))
                .hint("a property has one value: leave one of the two away"));
        }
    }
    Ok(properties)
}

/// JSON where it is some, else a text; what begins as a list, a map or a quoted text was meant as JSON.
fn value_of(property: &str, text: &str) -> Result<Value, Failure> {
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        Err(source) if text.trim_start().starts_with(['{', '[', '"']) => {
            let property = property.to_owned();
            Err(Failure::new(ExitCode::Usage, NothingThere::Json { property, source })
                .hint("correct it; a text that begins so is written in quotation marks: `NAME=\"[text\"`"))
        }
        Err(_) => Ok(Value::String(text.to_owned())),
    }
}

fn go_on(session: &Session, arguments: &ContinueArguments) -> Result<ExitCode, Failure> {
    let place = Place::open(session, &arguments.environment)?;
    let (client, stack) = place.stack(&arguments.unit)?;
    let skipped = arguments.skip.iter().cloned().collect();
    let request = ContinueRollback { stack: stack.id.clone(), skipped, token: String::new() };
    runtime::run(async |_| {
        client.continue_rollback(&request).await?;
        settle(session, client, &arguments.unit, &stack.id).await
    })
}

fn delete(session: &Session, arguments: &DeleteArguments) -> Result<ExitCode, Failure> {
    let place = Place::open(session, &arguments.environment)?;
    let (client, stack) = place.stack(&arguments.unit)?;
    let retain = arguments.retain.iter().cloned().collect();
    let request = DeleteStack { stack: stack.id.clone(), service_role: None, retain, token: String::new() };
    runtime::run(async |_| {
        client.delete_stack(&request).await?;
        settle(session, client, &arguments.unit, &stack.id).await
    })
}

/// Lets time pass until the stack has come to rest, and says how it is then.
async fn settle(
    session: &Session,
    client: &Client,
    unit: &InstanceName,
    stack: &str,
) -> Result<ExitCode, Failure> {
    while let Some(found) = client.describe_stack(stack).await? {
        if !found.status.is_busy() {
            let reason = found.status_reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            session.console.result(&format!("{unit} is {}{reason}\n", found.status))?;
            let failed = found.status.as_str().ends_with("_FAILED");
            return Ok(if failed { ExitCode::NeedsHands } else { ExitCode::Done });
        }
        client.wait_for_change(DAY).await?;
    }
    Ok(ExitCode::Done)
}
