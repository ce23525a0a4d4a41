//! `rekindle check`: what can be found without a cloud.

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::{Failure, Problem};
use crate::disk;
use crate::image;
use crate::lint::{self, DockerfileJudge, Purpose, RULES};
use crate::local::Answers;
use crate::manifest::Project;
use crate::model::{Diagnostics, EnvironmentName, Region};
use crate::release::Assembler;
use crate::template::{MAXIMUM_BYTES, read_as_found};
use crate::ui::{SCHEMA, error, sarif};

/// `check`
#[derive(Debug, Args)]
#[command(
    override_usage = "rekindle check [OPTIONS] [ENV]\n       rekindle check [OPTIONS] --template <PATH>..."
)]
#[command(after_help = "Examples:\n  rekindle check\n  rekindle check production --strict\n  \
    rekindle check --template stack.yaml --template more/ --region eu-central-1\n\n\
    The rules are in docs/lint.md.")]
pub struct CheckArguments {
    /// Environment [default: all of them]
    #[arg(value_name = "ENV", conflicts_with = "templates")]
    pub environment: Option<EnvironmentName>,
    /// Treat warnings as errors
    #[arg(long)]
    pub strict: bool,
    /// Check a CloudFormation template or a Dockerfile, or all in a directory, without a project (repeatable)
    #[arg(long = "template", value_name = "PATH")]
    pub templates: Vec<Utf8PathBuf>,
    /// With --template: the region the templates are for
    #[arg(long, value_name = "REGION", requires = "templates")]
    pub region: Option<Region>,
    /// Write what was found as SARIF 2.1.0 too (`-`: to standard output, instead of the usual)
    #[arg(long, value_name = "FILE")]
    pub sarif: Option<Utf8PathBuf>,
}

/// A directory without templates: that nothing is wrong in it would be no answer.
#[derive(Debug, thiserror::Error)]
#[error("no template below `{0}`")]
struct NoTemplate(Utf8PathBuf);

/// A source that is no template yet.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is a source for Tera, and a template only once it is rendered")]
struct NotRendered(Utf8PathBuf);

const NOT_RENDERED_HINT: &str = "in its project, `rekindle check ENV` judges what it renders to";

const NO_TEMPLATE_HINT: &str = "in a directory, files that end in .yaml, .yml, .json or .template are \
                                checked, and Dockerfiles; a file with another name must be named itself";

const WITHOUT_REGION: &str = "without `--region`: what only some regions have was not judged\n";

/// What was looked at.
enum Subject {
    Environments(Vec<EnvironmentName>),
    Templates(Vec<Utf8PathBuf>),
}

/// Checks one environment or all of them, or templates without a project; errors, and with
/// `--strict` warnings, end with 1.
pub fn run(session: &Session, arguments: &CheckArguments) -> Result<ExitCode, Failure> {
    let (subject, found) = if arguments.templates.is_empty() {
        match session.read() {
            Ok(project) => {
                let answers = session.answers()?;
                examine(&project, arguments.environment.as_ref(), &answers)
            }
            Err(Failure { problem: Problem::Source(problems), .. }) => {
                (Subject::Environments(Vec::new()), problems)
            }
            Err(failure) => return Err(failure),
        }
    } else {
        templates(arguments)?
    };
    show(session, arguments, &subject, &found)?;
    let fails = found.has_errors() || (arguments.strict && !found.0.is_empty());
    Ok(if fails { ExitCode::Error } else { ExitCode::Done })
}

fn examine(project: &Project, chosen: Option<&EnvironmentName>, answers: &Answers) -> (Subject, Diagnostics) {
    let environments: Vec<EnvironmentName> = match chosen {
        Some(name) => vec![name.clone()],
        None => project.manifest.environments.keys().cloned().collect(),
    };
    let find = |url: &str| answers.object(url).map(drop);
    let assembler = Assembler::new(project).thorough().finding(&find);
    let mut found = project.warnings.clone();
    for environment in &environments {
        match assembler.assemble(environment) {
            Ok(assembly) => found.extend(assembly.warnings),
            Err(problems) => found.extend(problems),
        }
    }
    // What is wrong in a template is wrong in every environment.
    (Subject::Environments(environments), found.without_repetition())
}

fn templates(arguments: &CheckArguments) -> Result<(Subject, Diagnostics), Failure> {
    let mut files = Vec::new();
    for path in &arguments.templates {
        let found = disk::find_templates(path)?;
        if found.is_empty() {
            return Err(Failure::new(ExitCode::Error, NoTemplate(path.clone())).hint(NO_TEMPLATE_HINT));
        }
        files.extend(found);
    }
    files.sort();
    files.dedup();
    let region = arguments.region.as_ref().map(|region| region.as_str());
    let purpose = Purpose { region, ..Purpose::default() };
    let judged: Result<Vec<Diagnostics>, Failure> =
        files.par_iter().map(|file| judge(file, purpose)).collect();
    let found = Diagnostics(judged?.into_iter().flatten().collect());
    Ok((Subject::Templates(files), found))
}

fn judge(file: &Utf8Path, purpose: Purpose<'_>) -> Result<Diagnostics, Failure> {
    let bytes = disk::read_at_most(file, MAXIMUM_BYTES)?;
    if file.extension() == Some("tera") {
        return Err(Failure::new(ExitCode::Error, NotRendered(file.to_owned())).hint(NOT_RENDERED_HINT));
    }
    if disk::is_dockerfile(file) {
        return Ok(judge_dockerfile(file.as_str(), &bytes));
    }
    Ok(match read_as_found(file.as_str(), &bytes) {
        Ok(document) => lint::lint(&document, purpose),
        Err(problems) => problems,
    })
}

/// A Dockerfile that belongs to no unit: what it is built with is not known.
fn judge_dockerfile(file: &str, bytes: &[u8]) -> Diagnostics {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let read = match std::str::from_utf8(bytes) {
        Ok(_) => image::check_syntax(file, text.as_bytes()),
        Err(_) => image::check_syntax(file, bytes),
    };
    if let Err(problem) = read {
        return problem.into();
    }
    let (texts, arguments) = (BTreeMap::new(), BTreeMap::new());
    let judge = DockerfileJudge {
        file,
        text: &text,
        is_unit: false,
        texts: &texts,
        names: None,
        arguments: &arguments,
    };
    judge.lint()
}

fn show(
    session: &Session,
    arguments: &CheckArguments,
    subject: &Subject,
    found: &Diagnostics,
) -> Result<(), Failure> {
    let console = &session.console;
    if let Some(file) = &arguments.sarif {
        let log = log(found)?;
        if file == "-" {
            return Ok(console.verbatim(&log)?);
        }
        disk::write_atomically(file, log.as_bytes())?;
    }
    if console.is_json() {
        return Ok(console.document(&document(subject, found))?);
    }
    console.result(&error::diagnostics(found, &console.palette_out()))?;
    if found.0.is_empty() {
        let names: Vec<&str> = match subject {
            Subject::Environments(names) => names.iter().map(EnvironmentName::as_str).collect(),
            Subject::Templates(files) => files.iter().map(|file| file.as_str()).collect(),
        };
        let what = match (names.len(), subject) {
            (11.., Subject::Templates(_)) => format!("{} templates", names.len()),
            (0, _) => "the project, which has no environment".to_owned(),
            _ => names.join(", "),
        };
        console.result(&format!("nothing wrong in {what}\n"))?;
    }
    if matches!(subject, Subject::Templates(_)) && arguments.region.is_none() {
        console.progress(WITHOUT_REGION)?;
    }
    Ok(())
}

fn log(found: &Diagnostics) -> io::Result<String> {
    let known: BTreeMap<_, _> = RULES.iter().map(|rule| (rule.code, (rule.summary, rule.help))).collect();
    let log = sarif::log(found, &known, env!("CARGO_PKG_VERSION"));
    Ok(serde_json::to_string_pretty(&log).map_err(io::Error::other)? + "\n")
}

fn document(subject: &Subject, found: &Diagnostics) -> Value {
    let mut document = json!({"schema": SCHEMA, "diagnostics": found.0});
    match subject {
        Subject::Environments(names) => document["environments"] = json!(names),
        Subject::Templates(files) => document["templates"] = json!(files),
    }
    document
}
