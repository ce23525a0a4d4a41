//! Whether the images of a plan are where they are pulled from, or can be brought there, asked before the
//! plan is carried out.

use crate::cli::Session;
use crate::cli::beforehand::Asking;
use crate::cli::delivery::wanted::{Wanted, wanted};
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::push::{check_place, is_there};
use crate::cli::wire;
use crate::disk::Store;
use crate::engine::Stop;
use crate::model::{CloudRegistry, Diagnostic, Diagnostics, InstanceName};
use crate::plan::{Observation, Plan};
use crate::port::{Registry, RegistryError};
use crate::release::Assembly;

/// Somebody stopped it.
#[derive(Debug, thiserror::Error)]
#[error("stopped while asking where images are; nothing was changed")]
struct Stopped;

/// The repositories of accounts that stand already or should, by name, with the image that goes there.
pub fn repositories(
    session: &Session,
    assembly: &Assembly,
    plan: &Plan,
    seen: &Observation,
) -> Vec<(InstanceName, String)> {
    let named = wanted(session, assembly, plan, seen).into_iter().filter_map(|wanted| {
        let repository = wanted.repository.clone()?;
        CloudRegistry::of_repository(&repository)?;
        let is_here = check_place(&assembly.environment, &wanted.image, &repository).is_ok();
        let (_, name) = repository.split_once('/')?;
        (is_here && wanted.goes_to(&repository)).then(|| (wanted.image.instance.clone(), name.to_owned()))
    });
    named.collect()
}

/// What is wrong with the images whose repository is known.
pub async fn beforehand(
    session: &Session,
    assembly: &Assembly,
    (plan, seen): (&Plan, &Observation),
    asking: Asking,
    stop: &Stop,
) -> Result<Diagnostics, Failure> {
    let wanted = wanted(session, assembly, plan, seen);
    let named: Vec<(&Wanted, &str)> = wanted
        .iter()
        .filter_map(|wanted| Some((wanted, wanted.repository.as_deref()?)))
        .filter(|(wanted, repository)| wanted.goes_to(repository))
        .collect();
    let mut found = Diagnostics::default();
    if named.is_empty() {
        return Ok(found);
    }
    if !asking.registries {
        let names: Vec<String> =
            named.iter().map(|(wanted, _)| format!("`{}`", wanted.image.instance)).collect();
        let message = format!("no registry was asked for {}", names.join(", "));
        found.push(
            Diagnostic::warning("not-asked", message)
                .hint("a rehearsal asks nobody outside; the real run does"),
        );
        return Ok(found);
    }
    let registry = wire::registry(session, assembly.environment.targets.values())?;
    let inputs = Store::inputs(&session.state()?)?;
    for (wanted, repository) in named {
        if let Err(failure) = check_place(&assembly.environment, &wanted.image, repository) {
            found.push(
                Diagnostic::error("other-place", failure.to_string()).hint(failure.hint.unwrap_or_default()),
            );
            continue;
        }
        session
            .console
            .progress(&format!("asking whether {} is at {repository}\n", wanted.image.instance))?;
        let asked = tokio::select! {
            asked = look(&*registry, wanted, repository) => asked,
            () = stop.finishing() => return Err(Failure::new(ExitCode::Interrupted, Stopped)),
        };
        match asked {
            Ok(true) => {}
            Ok(false) if inputs.contains(&wanted.image.recipe.input) => {}
            Ok(false) => found.push(not_there(session, wanted, repository).await),
            Err(error) => found.push(unanswered(wanted, &error, asking)),
        }
    }
    Ok(found)
}

async fn look(registry: &dyn Registry, wanted: &Wanted, repository: &str) -> Result<bool, RegistryError> {
    is_there(registry, repository, wanted.built.manifest, &wanted.image.recipe.platform).await
}

/// The run builds it. Where that takes an engine, one must answer.
async fn not_there(session: &Session, wanted: &Wanted, repository: &str) -> Diagnostic {
    let (instance, manifest) = (&wanted.image.instance, wanted.built.manifest);
    let what =
        format!("the image `{instance}` is neither at `{repository}@{manifest}` nor in the store here");
    if !wanted.image.recipe.runs_programs {
        return built(what);
    }
    match wire::image_builder(session).await {
        Ok(_) => built(what),
        Err(failure) => Diagnostic::error("not-there", format!("{what}, and nothing here can build it: {failure}"))
            .hint("start a Docker engine, or push the image there from a machine that has it: `rekindle build --push`"),
    }
}

fn built(what: String) -> Diagnostic {
    Diagnostic::warning("not-there", what).hint("the run builds it from its source and pushes it")
}

fn unanswered(wanted: &Wanted, error: &RegistryError, asking: Asking) -> Diagnostic {
    let message = format!("nobody could say whether the image `{}` is there: {error}", wanted.image.instance);
    let takes = "of Amazon ECR the question takes ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer";
    let advice = error.hint().map(|hint| format!("{hint}; {takes}")).unwrap_or_else(|| takes.to_owned());
    match asking.may_be_unanswered {
        true => Diagnostic::warning("unanswered", message).hint(advice),
        false => Diagnostic::error("unanswered", message)
            .hint(format!("{advice}; `--allow-unanswered` goes on without the answer")),
    }
}
