//! `${NAME}` in a text that no `Fn::Sub` reads, although the name exists.

use serde_json::Value;

use crate::lint::functions::variables;
use crate::lint::path::Path;
use crate::lint::rules::MISSING_SUBSTITUTION;
use crate::lint::scope::PSEUDO_PARAMETERS;
use crate::lint::texts::{Place, Texts};

impl Texts<'_, '_> {
    pub(super) fn substitutions(&mut self, text: &str, place: Place<'_>, path: &Path<'_>) {
        // Another template in a text has names of its own; a state machine may have its own list.
        if place.key == "TemplateBody" || self.scope.is_foreign {
            return;
        }
        let own = self.own_substitutions(path);
        let is_meant = |name: &&str| self.exists(name) && own.is_none_or(|own| own.get(*name).is_none());
        if let Some(name) = variables(text).filter(|name| is_name(name)).find(is_meant) {
            self.report
                .value(
                    &MISSING_SUBSTITUTION,
                    path,
                    format!("`${{{name}}}` stands in a text without `Fn::Sub`"),
                )
                .hint("write `!Sub` before the text, or `${!` for a literal `${`");
        }
    }

    fn exists(&self, name: &str) -> bool {
        let is_here = |name: &str| {
            self.scope.entry("Resources", name).is_some()
                || self.scope.entry("Parameters", name).is_some()
                || PSEUDO_PARAMETERS.contains(&name)
        };
        match name.split_once('.') {
            Some((resource, _)) => self.scope.entry("Resources", resource).is_some(),
            None => is_here(name),
        }
    }

    /// The `DefinitionSubstitutions` of the resource a text stands in.
    fn own_substitutions(&self, path: &Path<'_>) -> Option<&Value> {
        if !path.passes("DefinitionString") && !path.passes("Definition") {
            return None;
        }
        let pointer = path.pointer();
        let resource = pointer.split('/').nth(2)?;
        self.scope.entry("Resources", resource)?.get("Properties")?.get("DefinitionSubstitutions")
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':' | '.'))
}
