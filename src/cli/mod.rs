//! The command line: arguments, surroundings, wiring, consent, exit codes.
//!
//! One file a command in `command`; one file wires the adapters. No business rules here: a command
//! calls the layers in order and hands what they say to `ui`.

mod answers;
mod args;
mod bases;
mod beforehand;
mod carry_out;
mod command;
mod consent;
mod console;
#[cfg(test)]
mod crash_sweep;
mod delivery;
mod elsewhere;
mod environment;
mod estimate_arguments;
pub mod exit_code;
mod failure;
mod former;
mod hold;
mod image_about;
mod image_build;
mod local_arguments;
mod look_arguments;
mod names;
mod prediction;
mod project;
mod push;
mod recovery;
mod rehearsal;
mod run_arguments;
mod runtime;
mod signals;
mod site;
mod source;
mod supplies;
mod view;
mod wire;

use std::sync::{Arc, OnceLock};

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::cli::args::{Arguments, Command, Global, RunArguments};
use crate::cli::console::Console;
use crate::cli::environment::Surroundings;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::disk::KnownDigests;
use crate::local::{Fault, FaultError};

pub use crate::cli::args::Arguments as CommandLine;

/// What every command is given.
#[derive(Clone, Debug)]
struct Session {
    global: Global,
    surroundings: Surroundings,
    console: Console,
    /// What is known of the files that images copy from, once a project was read that has any.
    known: Arc<OnceLock<KnownDigests>>,
}

/// Runs the command line of this process to its end.
pub fn run() -> ExitCode {
    signals::install();
    let surroundings = Surroundings::look();
    match Arguments::try_parse() {
        Ok(Arguments { global, command }) => {
            let console = Console::new(&global, &surroundings);
            let session = Session { global, surroundings, console, known: Arc::default() };
            dispatch(&session, &command)
                .unwrap_or_else(|failure| session.console.failure(&failure, command.is_stream()))
        }
        Err(error) => usage(&error),
    }
}

fn dispatch(session: &Session, command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Init(arguments) => command::init::run(session, arguments),
        Command::Check(arguments) => command::check::run(session, arguments),
        Command::Lock(arguments) => command::lock::run(session, arguments),
        Command::Render(arguments) => command::render::run(session, arguments),
        Command::Build(arguments) => command::build::run(session, arguments),
        Command::Image(command) => command::image::run(session, command),
        Command::Plan(arguments) => command::plan::run(session, arguments),
        Command::Estimate(arguments) => command::estimate::run(session, arguments),
        Command::Graph(arguments) => command::graph::run(session, arguments),
        Command::Deploy(arguments) => command::deploy::run(session, arguments),
        Command::Status(arguments) => command::status::run(session, arguments),
        Command::Outputs(arguments) => command::outputs::run(session, arguments),
        Command::Attach(arguments) => command::attach::run(session, arguments),
        Command::Verify(arguments) => command::verify::run(session, arguments),
        Command::Teardown(arguments) => command::teardown::run(session, arguments),
        Command::Rebuild(arguments) => command::rebuild::run(session, arguments),
        Command::Local(arguments) => command::local::run(session, arguments),
        Command::Completions(arguments) => command::completions::run(&session.console, arguments),
    }
}

/// What `--fail` asked for.
fn faults(arguments: &RunArguments) -> Result<Vec<Fault>, Failure> {
    let faults = arguments.fail.iter().map(|text| text.parse());
    faults.collect::<Result<_, _>>().map_err(|error: FaultError| Failure::new(ExitCode::Usage, error))
}

/// Shows help, the version, or what is wrong with the command line.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is silent.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::Done,
        _ => ExitCode::Usage,
    }
}
