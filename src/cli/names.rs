//! Names on the command line that must exist: a slip of the finger is an error, never "nothing to do".

use std::collections::BTreeSet;

use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::local::Fault;
use crate::model::diagnostic::did_you_mean;
use crate::model::{Diagnostic, Diagnostics, Environment, InstanceName, SealedUnit, TargetName};
use crate::plan::logical_ids;

/// A name that nothing has.
#[derive(Debug, thiserror::Error)]
#[error("there is no {kind} `{name}` in `{place}`")]
struct NoSuchName {
    kind: &'static str,
    name: String,
    place: String,
}

fn refuse<'a>(
    kind: &'static str,
    name: String,
    place: impl ToString,
    candidates: impl Iterator<Item = &'a str>,
) -> Failure {
    let candidates: Vec<&str> = candidates.collect();
    let hint = match did_you_mean(&name, candidates.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => format!("there are: {}", candidates.join(", ")),
    };
    Failure::new(ExitCode::Error, NoSuchName { kind, name, place: place.to_string() }).hint(hint)
}

/// `--target` names one of the environment's.
pub fn target(environment: &Environment, given: Option<&TargetName>) -> Result<(), Failure> {
    match given.filter(|given| !environment.targets.contains_key(given)) {
        Some(given) => {
            let candidates = environment.targets.keys().map(TargetName::as_str);
            Err(refuse("target", given.to_string(), &environment.name, candidates))
        }
        None => Ok(()),
    }
}

/// Units that are named are known: in the source, or standing.
pub fn units<'a>(
    environment: &Environment,
    given: impl IntoIterator<Item = &'a InstanceName>,
    known: &BTreeSet<InstanceName>,
) -> Result<(), Failure> {
    match given.into_iter().find(|given| !known.contains(given)) {
        Some(given) => {
            let candidates: Vec<String> = known.iter().map(ToString::to_string).collect();
            let candidates = candidates.iter().map(String::as_str);
            Err(refuse("unit", given.to_string(), &environment.name, candidates))
        }
        None => Ok(()),
    }
}

/// `--fail` names a resource that some unit has; one that can never fail would prove nothing.
pub fn faults(environment: &Environment, given: &[Fault], desired: &[SealedUnit]) -> Result<(), Failure> {
    let of_resources = given.iter().filter_map(|fault| match fault {
        Fault::Resource(fault) => Some(fault),
        Fault::Call(_) | Fault::Stacks(_) => None,
    });
    for fault in of_resources {
        let meant = |unit: &&SealedUnit| {
            let instance = unit.instance();
            let full = format!("{}@{}", instance.unit, instance.target);
            fault.unit == "*" || fault.unit == instance.unit.as_str() || fault.unit == full
        };
        let units: Vec<&SealedUnit> = desired.iter().filter(meant).collect();
        if units.is_empty() {
            let names = desired.iter().map(|unit| unit.instance().unit.as_str());
            return Err(refuse("unit", fault.unit.clone(), &environment.name, names));
        }
        // A unit whose loops are not decided yet may have a resource of any name.
        let known: Option<Vec<BTreeSet<String>>> = units.into_iter().map(|unit| logical_ids(unit)).collect();
        let Some(known) = known else { continue };
        let known: BTreeSet<String> = known.into_iter().flatten().collect();
        if !known.contains(&fault.resource) {
            let names = known.iter().map(String::as_str);
            return Err(refuse("resource", fault.resource.clone(), &fault.unit, names));
        }
    }
    Ok(())
}

/// The instances the source makes.
pub fn instances(desired: &[SealedUnit]) -> BTreeSet<InstanceName> {
    desired.iter().map(|unit| unit.instance().clone()).collect()
}

/// Warnings about requested failures that did not happen.
pub fn idle_faults(idle: Vec<Fault>) -> Diagnostics {
    let warning = |fault: Fault| {
        let why = match fault {
            Fault::Resource(_) => {
                "nothing that it names was created, updated or deleted in this run, whichever it is for: see \
                 `--help` for the operations"
            }
            Fault::Call(_) => "the run made no such call to the embedded engine",
            Fault::Stacks(_) => "no account came to have more stacks in one region than that",
        };
        Diagnostic::warning("idle-fault", format!("`--fail {fault}` never struck")).hint(why)
    };
    Diagnostics(idle.into_iter().map(warning).collect())
}
