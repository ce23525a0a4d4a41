//! Parameters, mappings and conditions that nothing uses.

use serde_json::Value;

use crate::language::has_key;
use crate::lint::functions::Uses;
use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::rules::{UNUSED_CONDITION, UNUSED_MAPPING, UNUSED_PARAMETER};
use crate::lint::scope::Scope;

/// Records what is declared for nothing. A macro may use anything, also one in the middle of a value.
pub(super) fn check(scope: &Scope<'_>, uses: &Uses<'_>, report: &mut Report) {
    let is_macro =
        |(key, value): (&String, &Value)| key == "Fn::Transform" || has_key(value, "Fn::Transform");
    if scope.is_foreign || scope.root.iter().any(is_macro) {
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
