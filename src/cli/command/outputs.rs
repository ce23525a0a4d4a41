//! `rekindle outputs`: the outputs of an environment's stacks.

use crate::cli::Session;
use crate::cli::args::OutputsArguments;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::runtime;
use crate::cli::site::Site;
use crate::cli::source::Places;
use crate::cli::view::Notices;
use crate::cli::wire::Wiring;
use crate::model::InstanceName;
use crate::ui::outputs_view;

/// There is nothing to show of what was asked for.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` has no stack")]
struct NoStack(InstanceName);

/// Shows the outputs of everything that stands, or of one instance.
pub fn run(session: &Session, arguments: &OutputsArguments) -> Result<ExitCode, Failure> {
    let Places { environment, project } = session.places(&arguments.environment)?;
    if let Err(broken) = project {
        session.console.warn(&broken, "shown is what stands")?;
    }
    let state = session.state()?;
    let observation = runtime::run(async |stop| {
        let notices = Notices::new(&session.console);
        let mut wiring = Wiring::new(session, Vec::new());
        let site = Site::open(&mut wiring, &environment, &state, (&notices, &stop)).await?;
        session.console.warnings(&site.warnings())?;
        site.look(&[], &notices, &stop).await
    })?;
    let stacks = observation.stacks.values().flatten().filter(|stack| {
        arguments
            .unit
            .as_ref()
            .is_none_or(|unit| stack.identity().is_some_and(|identity| identity.instance == *unit))
    });
    let outputs = outputs_view::collect(stacks.map(|stack| &**stack));
    if let (Some(unit), true) = (&arguments.unit, outputs.is_empty()) {
        return Err(Failure::new(ExitCode::Error, NoStack(unit.clone()))
            .hint(format!("`rekindle status {}` shows what stands", arguments.environment)));
    }
    if session.console.is_json() {
        session.console.document(&outputs_view::document(&arguments.environment, &outputs))?;
    } else {
        session.console.result(&outputs_view::outputs(&arguments.environment, &outputs))?;
    }
    Ok(ExitCode::Done)
}
