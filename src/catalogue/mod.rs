//! What AWS publishes of CloudFormation's resource types: their properties, which of those make a
//! new physical resource, their attributes, and the regions that have them.
//!
//! The facts are AWS's public resource schemas with the corrections of the cfn-lint project (both
//! MIT-0). `scripts/catalogue/run` makes the one file that is shipped; its form is described in
//! `docs/formats.md`. Nothing is read before the first question, and then only what was asked for.
//!
//! Holds facts, no judgement: what a fact means for a template or a plan is decided where it is
//! used. Imports nothing of ours.

mod archive;
mod backed_up;
mod change;
mod constraint;
pub mod durations;
mod fixed_property;
mod in_place;
mod path;
mod protection;
mod resource_type;
mod schema;
mod stateful;
mod unique_name;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use archive::Archive;
pub use archive::ArchiveError;
pub use backed_up::backed_up_arn;
pub use constraint::{Constraint, constraints};
pub use fixed_property::is_refused_change;
pub use in_place::is_changed_in_place;
pub use path::PropertyPath;
pub use protection::{Protection, protection};
pub use resource_type::{Replacement, ReplacementOrder, ResourceType};
pub use schema::{Additional, Definitions, Items, Schema, Types};
pub use stateful::holds;
pub use unique_name::{Reach, UniqueName, reach, unique_name};

const BYTES: &[u8] = include_bytes!("resource-types.bin");
const CUSTOM: &str = "AWS::CloudFormation::CustomResource";
const SHIPPED: &str = "the tests read every type of the shipped catalogue";

struct Catalogue {
    archive: Archive<'static>,
    types: BTreeMap<String, OnceLock<ResourceType>>,
    /// By type: numbers of a constraint and of its place.
    constraints: BTreeMap<String, Vec<(usize, usize)>>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let archive = Archive::open(BYTES).expect(SHIPPED);
    let types = archive.names().map(|name| (name.to_owned(), OnceLock::new())).collect();
    let constraints = constraint::by_type(&archive.index.constraints);
    Catalogue { archive, types, constraints }
});

/// What is published of `AWS::SERVICE::TYPE`; `None` of a type that no region has.
///
/// The first question about a service takes its block apart (at most some milliseconds), the first
/// about a type reads that type; both are kept.
pub fn resource_type(name: &str) -> Option<&'static ResourceType> {
    let slot = CATALOGUE.types.get(name)?;
    Some(slot.get_or_init(|| {
        let text = CATALOGUE.archive.text(name).expect(SHIPPED);
        serde_json::from_str(text).expect(SHIPPED)
    }))
}

/// The name under which AWS publishes a type: custom resources share one.
pub fn published_name(resource_type: &str) -> &str {
    if is_custom(resource_type) { CUSTOM } else { resource_type }
}

/// Whether a type's answers come from code of its users.
pub fn is_custom(resource_type: &str) -> bool {
    resource_type == CUSTOM || resource_type.starts_with("Custom::")
}

/// Whether there is such a type, without reading it.
pub fn is_known(name: &str) -> bool {
    CATALOGUE.types.contains_key(name)
}

/// The names of all types, sorted.
pub fn resource_types() -> impl Iterator<Item = &'static str> {
    CATALOGUE.types.keys().map(String::as_str)
}

/// Whether a region has a type; `None` where the type or the region is not known here.
pub fn is_available(name: &str, region: &str) -> Option<bool> {
    let regions = CATALOGUE.archive.regions(name)?;
    CATALOGUE.archive.has_region(region).then(|| regions.iter().any(|known| known == region))
}

/// When the schemas were collected: a time of RFC 3339.
pub fn schema_date() -> &'static str {
    &CATALOGUE.archive.index.schema_date
}

/// The package and version the schemas were taken from.
pub fn source() -> &'static str {
    &CATALOGUE.archive.index.source
}
