//! The sections of a template and their entries: which keys they have, and of what kind.
//!
//! Source: AWS CloudFormation user guide, "CloudFormation template sections".

mod conditions;
mod mappings;
mod metadata;
mod outputs;
mod parameters;
mod resources;
mod rules;
mod shape;
mod template;

use crate::lint::functions::Walk;

/// Judges every section; what functions use is remembered by the walk.
pub(super) fn check(walk: &mut Walk<'_, '_>) {
    template::check(walk);
    parameters::check(walk);
    mappings::check(walk);
    conditions::check(walk);
    rules::check(walk);
    resources::check(walk);
    outputs::check(walk);
    metadata::check(walk);
}
