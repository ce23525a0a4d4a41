//! Checks across units: every output that is referred to is one the other template declares.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::ResolvedUnit;
use crate::manifest::suggestion::suggestion;
use crate::model::{Diagnostic, Diagnostics, EnvironmentName, InstanceName, Output, SealedUnit};

/// The names of the outputs of other environments' instances.
pub(super) type UsedOutputs = BTreeMap<(EnvironmentName, InstanceName), BTreeSet<String>>;

/// The outputs that `units` refer to and no template declares.
pub(super) fn check(units: &[ResolvedUnit], desired: &[SealedUnit], used: &UsedOutputs) -> Diagnostics {
    let own: BTreeMap<&InstanceName, &BTreeSet<String>> =
        desired.iter().map(|unit| (unit.instance(), unit.outputs())).collect();
    let outputs_of = |output: &Output| match &output.environment {
        None => own.get(&output.instance).copied(),
        Some(environment) => used.get(&(environment.clone(), output.instance.clone())),
    };
    let mut problems = Diagnostics::default();
    for bound in units.iter().flat_map(|unit| unit.parameters.values()) {
        let Some(output) = bound.binding.output() else { continue };
        let Some(declared) = outputs_of(output).filter(|declared| !declared.contains(&output.name)) else {
            continue;
        };
        let names = declared.iter().map(String::as_str);
        let message = format!("the unit `{}` has no output `{}`", output.instance, output.name);
        problems.push(
            Diagnostic::error("unknown-output", message)
                .at(bound.position.place())
                .hint(suggestion(&output.name, names)),
        );
    }
    problems
}

/// Units that need one of a weaker class: a teardown keeps the weaker one with them.
pub(super) fn weaker_classes(units: &[ResolvedUnit]) -> Diagnostics {
    let classes: BTreeMap<_, _> = units.iter().map(|unit| (&unit.instance, unit.class)).collect();
    let mut warnings = Diagnostics::default();
    for unit in units {
        for (need, position) in &unit.needs {
            let Some(class) = classes.get(need).filter(|class| **class < unit.class) else { continue };
            let message = format!("`{}` ({}) needs `{need}` ({class})", unit.instance, unit.class);
            warnings.push(Diagnostic::warning("weaker-class", message).at(position.place()).hint(format!(
                "a teardown keeps `{need}` for its sake; give it the class `{}` to say so",
                unit.class
            )));
        }
    }
    warnings
}
