//! Advice for names that do not exist.

use std::collections::BTreeSet;

use crate::model::TemplateRef;
use crate::model::diagnostic::did_you_mean;

/// Advice for a name that does not exist.
pub fn suggestion<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    let candidates: BTreeSet<&str> = candidates.collect();
    if let Some(meant) = did_you_mean(word, candidates.iter().copied()) {
        return format!("did you mean `{meant}`?");
    }
    if candidates.is_empty() {
        return "there is none yet".to_owned();
    }
    let shown: Vec<String> = candidates.iter().take(10).map(|name| format!("`{name}`")).collect();
    let more = if candidates.len() > 10 { ", ..." } else { "" };
    format!("there is {}{more}", shown.join(", "))
}

/// What versions a template has; where there is none of that name, the names.
pub fn template_versions<'a>(name: &str, templates: impl IntoIterator<Item = &'a TemplateRef>) -> String {
    let templates = templates.into_iter();
    let (own, names): (Vec<_>, Vec<_>) = templates.partition(|template| template.name.as_str() == name);
    if own.is_empty() {
        return suggestion(name, names.into_iter().map(|template| template.name.as_str()));
    }
    let shown: Vec<String> = own.iter().map(|template| format!("`{template}`")).collect();
    format!("there is {}", shown.join(", "))
}
