//! `rekindle graph`: an environment's units and what they need, as a picture or for Graphviz.

use crate::cli::Session;
use crate::cli::estimate_arguments::{GraphArguments, GraphFormat};
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::ui::picture::{self, UnitGraph};

/// Two formats for one output.
#[derive(Debug, thiserror::Error)]
#[error("`--output json` and `--format {0}` ask for two different outputs")]
struct TwoFormats(&'static str);

/// Draws it to standard output.
pub fn run(session: &Session, arguments: &GraphArguments) -> Result<ExitCode, Failure> {
    let console = &session.console;
    if let (true, Some(format)) = (console.is_json(), arguments.format) {
        let format = if format == GraphFormat::Svg { "svg" } else { "dot" };
        return Err(Failure::new(ExitCode::Usage, TwoFormats(format)).hint("leave one of the two away"));
    }
    let project = session.project()?;
    let assembly = session.assemble(&project, &arguments.environment)?;
    let graph = UnitGraph::of(&assembly.environment, &assembly.units);
    if console.is_json() {
        console.document(&picture::document(&graph))?;
        return Ok(ExitCode::Done);
    }
    console.verbatim(&match arguments.format.unwrap_or(GraphFormat::Dot) {
        GraphFormat::Svg => picture::graph(&graph),
        GraphFormat::Dot => picture::dot(&graph),
    })?;
    Ok(ExitCode::Done)
}
