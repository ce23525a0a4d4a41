//! `rekindle completions`: a script that teaches a shell our commands.

use clap::CommandFactory;

use crate::cli::args::{Arguments, CompletionsArguments};
use crate::cli::console::Console;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;

/// Prints the script.
pub fn run(console: &Console, arguments: &CompletionsArguments) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "rekindle", &mut script);
    console.verbatim(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::Done)
}
