//! `rekindle graph`: an environment's units and what they need, as a picture or for Graphviz.

use crate::cli::Session;
use crate::cli::estimate_arguments::{GraphArguments, GraphFormat};
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::ui::picture::{self, UnitGraph};

/// Draws it to standard output.
pub fn run(session: &Session, arguments: &GraphArguments) -> Result<ExitCode, Failure> {
    let project = session.project()?;
    let assembly = session.assemble(&project, &arguments.environment)?;
    let graph = UnitGraph::of(&assembly.environment, &assembly.units);
    let console = &session.console;
    if console.is_json() {
        console.document(&picture::document(&graph))?;
        return Ok(ExitCode::Done);
    }
    console.result(&match arguments.format {
        GraphFormat::Svg => picture::graph(&graph),
        GraphFormat::Dot => picture::dot(&graph),
    })?;
    Ok(ExitCode::Done)
}
