//! What a place must have before anything is made there, asked there: images, secrets, room. Reads only.

use crate::cli::Session;
use crate::cli::delivery;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::site::Site;
use crate::engine::{self, EventSink, Stop};
use crate::model::{Diagnostics, Outside};
use crate::plan::needed::{judge, needed};
use crate::plan::{Observation, Plan};
use crate::release::Assembly;

/// What is asked, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Whether registries are asked: in a rehearsal nothing real is.
    pub registries: bool,
    /// Whether a question may stay without an answer.
    pub may_be_unanswered: bool,
}

/// Asks for everything that the plan needs and does not make.
///
/// # Errors
/// `Refused`, with everything that is missing. Warnings are shown and stop nothing.
pub async fn ask(
    (session, site, assembly): (&Session, &Site, &Assembly),
    (plan, seen): (&Plan, &Observation),
    asking: Asking,
    (sink, stop): (&dyn EventSink, &Stop),
) -> Result<(), Failure> {
    if plan.is_empty() {
        return Ok(());
    }
    let environment = &assembly.environment;
    let mut needed = needed(plan, environment);
    for (instance, repository) in delivery::repositories(session, assembly, plan, seen) {
        let things = &mut needed.entry(instance.target.clone()).or_default().things;
        things.entry(Outside::Repository(repository)).or_default().insert(instance);
    }
    let answers = engine::ask(&site.clouds, &needed, sink, stop).await?;
    let mut found = Diagnostics::default();
    for (target, needed) in &needed {
        let place = &environment.targets[target];
        let answers = answers.get(target).cloned().unwrap_or_default();
        found.extend(judge(needed, &answers, place, asking.may_be_unanswered).0);
    }
    found.extend(delivery::beforehand(session, assembly, (plan, seen), asking, stop).await?.0);
    if !found.has_errors() {
        return Ok(session.console.warnings(&found)?);
    }
    let targets: Vec<String> = environment.targets.keys().map(|target| format!("`{target}`")).collect();
    let failure = Failure { code: ExitCode::Refused, ..Failure::from(found) };
    Err(failure
        .hint(format!("nothing was made at {}; put this right, then run it again", targets.join(", "))))
}
