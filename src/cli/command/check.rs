//! `rekindle check`: what can be found without a cloud.

use serde_json::json;

use crate::cli::Session;
use crate::cli::args::CheckArguments;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::disk;
use crate::manifest::Project;
use crate::model::{Diagnostics, EnvironmentName};
use crate::release::Assembler;
use crate::ui::{SCHEMA, error};

/// Checks one environment or all of them; errors, and with `--strict` warnings, end with 1.
pub fn run(session: &Session, arguments: &CheckArguments) -> Result<ExitCode, Failure> {
    let (environments, found) = match Project::read(disk::read_project(&session.root()?)?) {
        Ok(project) => examine(&project, arguments.environment.as_ref()),
        Err(problems) => (Vec::new(), problems),
    };
    let console = &session.console;
    if console.is_json() {
        console.document(&json!({
            "schema": SCHEMA,
            "environments": environments,
            "diagnostics": found.0,
        }))?;
    } else {
        console.result(&error::diagnostics(&found, &console.palette_out()))?;
        if found.0.is_empty() {
            let names: Vec<&str> = environments.iter().map(EnvironmentName::as_str).collect();
            console.result(&format!("nothing wrong in {}\n", names.join(", ")))?;
        }
    }
    let fails = found.has_errors() || (arguments.strict && !found.0.is_empty());
    Ok(if fails { ExitCode::Error } else { ExitCode::Done })
}

fn examine(project: &Project, chosen: Option<&EnvironmentName>) -> (Vec<EnvironmentName>, Diagnostics) {
    let environments: Vec<EnvironmentName> = match chosen {
        Some(name) => vec![name.clone()],
        None => project.manifest.environments.keys().cloned().collect(),
    };
    let assembler = Assembler::new(project);
    let mut found = project.warnings.clone();
    for environment in &environments {
        match assembler.assemble(environment) {
            Ok(assembly) => found.extend(assembly.warnings),
            Err(problems) => found.extend(problems),
        }
    }
    (environments, without_repetition(found))
}

/// What is wrong in a template is wrong in every environment: it is told once.
fn without_repetition(found: Diagnostics) -> Diagnostics {
    let mut told = Diagnostics::default();
    for diagnostic in found {
        if !told.0.contains(&diagnostic) {
            told.push(diagnostic);
        }
    }
    told
}
