//! Consent: who may answer, what must be typed, and when to refuse at once.

use crate::cli::args::RunArguments;
use crate::cli::console::Console;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::model::EnvironmentName;

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
    #[error("not confirmed: nothing was changed")]
    Declined,
}

/// Asks where somebody can answer, takes options where they answer already, refuses otherwise.
pub fn ask(console: &Console, run: &RunArguments, question: &Question<'_>) -> Result<(), Failure> {
    if run.rehearse {
        return Ok(());
    }
    if question.typed_name { ask_for_name(console, question) } else { ask_yes_or_no(console, run, question) }
}

fn ask_for_name(console: &Console, question: &Question<'_>) -> Result<(), Failure> {
    let environment = question.environment;
    let given = match question.confirm {
        Some(name) => name.to_string(),
        None if console.interactive => {
            let prompt = format!("Type the environment's name to {} it: ", question.verb);
            console.ask(&prompt)?.ok_or_else(|| refuse(Refusal::Declined))?
        }
        None => {
            let refusal = Refusal::NameNotTyped { verb: question.verb.to_owned(), environment: environment.clone() };
            return Err(refuse(refusal).hint(format!("give `--confirm {environment}`")));
        }
    };
    if given == environment.as_str() {
        Ok(())
    } else {
        Err(refuse(Refusal::WrongName { given, environment: environment.clone() }))
    }
}

fn ask_yes_or_no(console: &Console, run: &RunArguments, question: &Question<'_>) -> Result<(), Failure> {
    if run.yes {
        return Ok(());
    }
    if !console.interactive {
        let refusal =
            Refusal::NobodyToAsk { verb: question.verb.to_owned(), environment: question.environment.clone() };
        return Err(refuse(refusal).hint("give `--yes` to consent to the plan shown"));
    }
    let answer = console.ask(&format!("{} `{}`? [y/N] ", capitalised(question.verb), question.environment))?;
    match answer.as_deref() {
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
