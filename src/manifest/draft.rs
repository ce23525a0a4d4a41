//! Drafts: template versions that the lock does not have, so they may still change.

use std::collections::BTreeMap;

use crate::manifest::project::Project;
use crate::manifest::resolve::Made;
use crate::manifest::source::Position;
use crate::model::{Diagnostic, Environment, ProviderKind, TemplateRef};

/// Template versions that are not published: worth knowing on a local target, refused on a real one.
pub(super) fn drafts(project: &Project, environment: &Environment, made: &[Made<'_>]) -> Vec<Diagnostic> {
    let mut real: BTreeMap<&TemplateRef, &Position> = BTreeMap::new();
    let mut local = real.clone();
    for (instance, template) in made {
        if project.templates.get(&template.value).is_some_and(|version| !version.published) {
            let is_real = environment.targets[&instance.target].provider == ProviderKind::Aws;
            let drafts = if is_real { &mut real } else { &mut local };
            drafts.entry(&template.value).or_insert(&template.position);
        }
    }
    local.retain(|template, _| !real.contains_key(template));
    [(real, true), (local, false)].into_iter().filter_map(|(drafts, real)| draft(&drafts, real)).collect()
}

/// The problem of template versions that are not published, if there are any.
pub fn draft(drafts: &BTreeMap<&TemplateRef, &Position>, real: bool) -> Option<Diagnostic> {
    let names: Vec<String> = drafts.keys().map(|template| format!("`{template}`")).collect();
    let message = match &names[..] {
        [name] => format!("the template {name} is a draft: `rekindle.lock` does not have it"),
        _ => format!(
            "{} templates are drafts: `rekindle.lock` does not have {}",
            names.len(),
            names.join(", ")
        ),
    };
    let hint = "`rekindle lock` publishes drafts; from then on they never change";
    let problem = if real {
        Diagnostic::error("draft-template", message)
            .hint(format!("aws targets take published versions only; {hint}"))
    } else {
        Diagnostic::warning("draft-template", message).hint(hint)
    };
    drafts.values().next().map(|position| problem.at(position.place()))
}
