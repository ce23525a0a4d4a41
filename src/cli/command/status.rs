//! `rekindle status`: an environment's stacks, one row each.

use std::collections::BTreeMap;

use crate::cli::Session;
use crate::cli::args::StatusArguments;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::site::Site;
use crate::cli::source::Places;
use crate::cli::view::Notices;
use crate::cli::wire::Wiring;
use crate::cli::{names, runtime};
use crate::disk::clock;
use crate::ui::status_view::{self, StatusRow};

/// Shows what stands, and what the source wants that does not.
pub fn run(session: &Session, arguments: &StatusArguments) -> Result<ExitCode, Failure> {
    let Places { mut environment, project } = session.places(&arguments.environment)?;
    names::target(&environment, arguments.to.as_ref())?;
    let project = match &arguments.to {
        None => project,
        Some(to) => {
            environment.targets.retain(|target, _| target == to);
            project.and_then(|project| Ok(project.elsewhere(&arguments.environment, to)?))
        }
    };
    let units = match project.and_then(|project| session.assemble(&project, &arguments.environment)) {
        Ok(assembly) => Some(assembly.units),
        Err(broken) => {
            session.console.warn(&broken, "shown is what stands; what the source wants is not known")?;
            None
        }
    };
    let is_known = units.is_some();
    let units = units.unwrap_or_default();
    let state = session.state()?;
    let observation = runtime::run(async |stop| {
        let notices = Notices::new(&session.console);
        let mut wiring = Wiring::new(session, Vec::new()).confined(arguments.to.is_some());
        let site = Site::open(&mut wiring, &environment, &state, (&notices, &stop)).await?;
        session.console.warnings(&site.warnings())?;
        site.look(&units, &notices, &stop).await
    })?;
    let mut rows: BTreeMap<_, StatusRow> = units
        .iter()
        .map(|unit| {
            let row = StatusRow::absent(unit.instance().clone(), unit.stack.to_string(), unit.class);
            (unit.instance().clone(), row)
        })
        .collect();
    let standing = observation.stacks.values().flatten().filter_map(|stack| StatusRow::of(stack));
    rows.extend(standing.map(|row| (row.instance.clone(), row)));
    let rows: Vec<StatusRow> = rows.into_values().collect();
    let console = &session.console;
    if console.is_json() {
        console.document(&status_view::document(&arguments.environment, &rows, is_known))?;
    } else {
        console.result(&status_view::status(
            &arguments.environment,
            &rows,
            clock::now(),
            &console.palette_out(),
        ))?;
    }
    Ok(ExitCode::Done)
}
