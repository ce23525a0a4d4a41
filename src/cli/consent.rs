//! Consent: who may answer, what must be typed, and when to refuse at once.

use std::io::BufRead as _;

use crate::cli::args::RunArguments;
use crate::cli::console::Console;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::engine::Stop;
use crate::model::{EnvironmentName, InstanceName};
use crate::plan::{self, Consent, Plan};

/// What must be consented to before a plan is carried out.
#[derive(Debug)]
pub struct Question<'a> {
    /// What would be done, for example "deploy".
    pub verb: &'a str,
    /// To which environment.
    pub environment: &'a EnvironmentName,
    /// Whether the environment's name must be typed (or given with `--confirm`).
    pub typed_name: bool,
    /// `--confirm NAME`.
    pub confirm: Option<&'a EnvironmentName>,
}

/// Why no consent was given.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("{verb} `{environment}` needs consent, and nobody can be asked here")]
    NobodyToAsk { verb: String, environment: EnvironmentName },
    #[error("{verb} `{environment}` needs the environment's name typed")]
    NameNotTyped { verb: String, environment: EnvironmentName },
    #[error("the name given is `{given}`, the environment is `{environment}`")]
    WrongName { given: String, environment: EnvironmentName },
    #[error("{instance}: {what}, and nobody consented to it by name")]
    Unnamed { instance: InstanceName, what: String },
    #[error("not confirmed: nothing was changed")]
    Declined,
}

/// Asks where somebody can answer, takes options where they answer already, refuses otherwise.
pub async fn ask(
    console: &Console,
    run: &RunArguments,
    question: &Question<'_>,
    stop: &Stop,
) -> Result<(), Failure> {
    if let Some(given) = question.confirm.filter(|given| *given != question.environment) {
        let (given, environment) = (given.to_string(), question.environment.clone());
        return Err(refuse(Refusal::WrongName { given, environment }));
    }
    if question.typed_name {
        ask_for_name(console, question, stop).await
    } else {
        ask_yes_or_no(console, run, question, stop).await
    }
}

/// Where a consent that is missing can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// With an option of this command.
    Here,
    /// With one of `deploy` only.
    Deploy,
}

/// Refuses a plan that lacks a consent which `--yes` does not give.
///
/// # Errors
/// The first one that is missing; the hint names the options for all.
pub fn named(plan: &Plan, place: Where) -> Result<(), Failure> {
    let missing = plan::missing_consents(plan);
    let Some(first) = missing.first() else { return Ok(()) };
    let options: Vec<String> =
        missing.iter().map(|missing| format!("{} {}", missing.consent.option(), missing.instance)).collect();
    let resources: Vec<String> = first
        .consequences
        .iter()
        .map(|one| format!("`{}` ({})", one.logical_id, one.resource_type))
        .collect();
    let verb = match first.consent {
        Consent::AllowReplacement => "would replace",
        _ => "would delete",
    };
    let what = format!("{verb} {}, which holds data", resources.join(", "));
    let refusal = Refusal::Unnamed { instance: first.instance.clone(), what };
    let (name, options) = (&plan.environment, options.join(" "));
    Err(refuse(refusal).hint(match place {
        Where::Here => format!("look at the plan; if that is what you want, add `{options}`"),
        Where::Deploy => format!(
            "look at `rekindle plan {name}`; if that is what you want, `rekindle deploy {name} {options}` first"
        ),
    }))
}

/// A line from a person; `None` when the input ended. Ctrl-C ends the waiting.
async fn answer(console: &Console, question: &str, stop: &Stop) -> Result<Option<String>, Failure> {
    console.aside(question)?;
    let (sender, receiver) = tokio::sync::oneshot::channel();
    // A thread of its own, left behind at Ctrl-C: reading a terminal cannot be cancelled.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        // Nobody waits any more after Ctrl-C.
        let _ = sender.send(read.map(|bytes| (bytes > 0).then(|| line.trim().to_owned())));
    });
    tokio::select! {
        read = receiver => Ok(read.ok().transpose()?.flatten()),
        () = stop.finishing() => Err(Failure::new(ExitCode::Interrupted, Refusal::Declined)),
    }
}

async fn ask_for_name(console: &Console, question: &Question<'_>, stop: &Stop) -> Result<(), Failure> {
    let environment = question.environment;
    let given = match question.confirm {
        Some(name) => name.to_string(),
        None if console.interactive => {
            let prompt = format!("Type the environment's name to {} it: ", question.verb);
            answer(console, &prompt, stop).await?.ok_or_else(|| refuse(Refusal::Declined))?
        }
        None => {
            let refusal =
                Refusal::NameNotTyped { verb: question.verb.to_owned(), environment: environment.clone() };
            return Err(refuse(refusal).hint(format!("give `--confirm {environment}`")));
        }
    };
    if given == environment.as_str() {
        Ok(())
    } else {
        Err(refuse(Refusal::WrongName { given, environment: environment.clone() }))
    }
}

async fn ask_yes_or_no(
    console: &Console,
    run: &RunArguments,
    question: &Question<'_>,
    stop: &Stop,
) -> Result<(), Failure> {
    if run.yes {
        return Ok(());
    }
    if !console.interactive {
        let refusal = Refusal::NobodyToAsk {
            verb: question.verb.to_owned(),
            environment: question.environment.clone(),
        };
        return Err(refuse(refusal).hint("give `--yes` to consent to the plan shown"));
    }
    let prompt = format!("{} `{}`? [y/N] ", capitalised(question.verb), question.environment);
    match answer(console, &prompt, stop).await?.as_deref() {
        Some("y" | "Y" | "yes") => Ok(()),
        _ => Err(refuse(Refusal::Declined)),
    }
}

fn refuse(refusal: Refusal) -> Failure {
    Failure::new(ExitCode::Refused, refusal)
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
