//! `rekindle render`: an environment's artifacts and their digests.

use camino::Utf8Path;

use crate::cli::Session;
use crate::cli::args::RenderArguments;
use crate::cli::command::determinism;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::disk;
use crate::release::{Assembly, artifact_path, render_document, render_files};
use crate::ui::render_view;

/// Renders, writes what was asked for, lists the units with their digests.
pub fn run(session: &Session, arguments: &RenderArguments) -> Result<ExitCode, Failure> {
    let project = session.project()?;
    let assembly = session.assemble(&project, &arguments.environment)?;
    if arguments.check_determinism {
        return determinism::run(session, &project, &assembly);
    }
    if let Some(out) = &arguments.out {
        write(&session.start()?.join(out), &assembly)?;
    }
    let document = render_document(&assembly, |instance| {
        arguments.out.as_ref().map(|out| out.join(artifact_path(instance)).into_string())
    });
    let console = &session.console;
    if console.is_json() {
        console.document(&document)?;
    } else {
        console.result(&render_view::render(&document, &console.palette_out()))?;
    }
    Ok(ExitCode::Done)
}

fn write(out: &Utf8Path, assembly: &Assembly) -> Result<(), Failure> {
    for (path, bytes) in render_files(assembly) {
        disk::write_atomically(&out.join(path), &bytes)?;
    }
    Ok(())
}
