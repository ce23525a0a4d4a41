//! Tera, hermetic, strict, bounded and deterministic: sources and values in, artifacts out.
//!
//! May not open files, read a clock or the environment, or know what a unit is: it gets the bytes
//! of `templates/`, the name of a folder in it, and the values a template may see.
//!
//! Tera itself has no strictness about lists, no step limit and no hook where a value is printed.
//! So each source is prepared before Tera sees it (`prepare`): every printed expression passes
//! through our own filter, every turn of a loop through our own counter. Positions are mapped back.

mod budget;
mod context;
mod costs;
mod documents;
mod error;
mod expressions;
mod filters;
mod functions;
mod library;
mod names;
mod prepare;
mod prepared;
mod renderer;
mod scan;
mod session;
mod stamps;

#[cfg(test)]
mod place_tests;
#[cfg(test)]
mod tests;

pub use context::{Context, Visible};
pub use renderer::{RenderedFiles, RenderedStack, Renderer};
pub use session::Limits;

use std::collections::BTreeMap;

/// Every file below `templates/`: path relative to it with forward slashes, for example
/// `data/1.2.0/template.yaml.tera`, and its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(pub BTreeMap<String, Vec<u8>>);

/// The path of a source as people know it, from the project's root.
fn project_path(path: &str) -> String {
    format!("templates/{path}")
}
