//! Parameters, mappings and conditions that nothing uses.

use crate::lint::functions::Uses;
use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::rules::{UNUSED_CONDITION, UNUSED_MAPPING, UNUSED_PARAMETER};
use crate::lint::scope::Scope;

/// Records what is declared for nothing. What a macro is given counts as used.
pub(super) fn check(scope: &Scope<'_>, uses: &Uses<'_>, report: &mut Report) {
    if scope.is_foreign || scope.root.contains_key("Fn::Transform") {
        return;
    }
    for (section, what, rule, used) in [
        ("Conditions", "condition", &UNUSED_CONDITION, &uses.conditions),
        ("Mappings", "mapping", &UNUSED_MAPPING, &uses.mappings),
        ("Parameters", "parameter", &UNUSED_PARAMETER, &uses.parameters),
    ] {
        if section == "Mappings" && uses.any_mapping {
            continue;
        }
        for (name, _) in scope.entries(section).filter(|(name, _)| !used.contains(name)) {
            let path = Path::ROOT.key(section);
            report
                .key(rule, &path.key(name), format!("nothing uses the {what} `{name}`"))
                .hint("take it out, or use it");
        }
    }
}
