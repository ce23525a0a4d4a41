//! Demands on resources that cfn-lint makes with a schema of its own, beside the types' schemas.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::CATALOGUE;
use super::archive::{ArchiveError, Span};
use super::resource_type::ResourceType;

/// A schema that what stands at some places must satisfy.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Constraint {
    /// cfn-lint's code, `E3638` for example.
    pub code: String,
    /// What it is about, in cfn-lint's words.
    pub title: String,
    places: Vec<Place>,
    #[serde(default)]
    everywhere: Option<Entry>,
    #[serde(default)]
    regions: BTreeMap<String, Entry>,
}

/// A type (`*`: all of them), and the keys that lead from a resource to what is meant; `*` is every
/// item or entry.
#[derive(Debug, Deserialize)]
struct Place(String, Vec<String>);

/// Where a schema is, and what was read of it.
#[derive(Debug, Deserialize)]
#[serde(from = "Span")]
struct Entry {
    span: Span,
    read: OnceLock<ResourceType>,
}

impl From<Span> for Entry {
    fn from(span: Span) -> Self {
        Self { span, read: OnceLock::new() }
    }
}

impl Constraint {
    /// What may stand there in a region, with the definitions that it refers to; `None` where
    /// nothing is demanded, or where that hangs on a region and none is given.
    ///
    /// Read when it is first asked for: some are long (the classes of databases in all regions).
    pub fn schema(&'static self, region: Option<&str>) -> Option<&'static ResourceType> {
        let entry = self.everywhere.as_ref().or_else(|| self.regions.get(region?))?;
        Some(entry.read.get_or_init(|| read(&entry.span).expect(super::SHIPPED)))
    }
}

fn read(span: &Span) -> Result<ResourceType, ArchiveError> {
    let text = CATALOGUE.archive.at(span)?;
    serde_json::from_str(text).map_err(|_| ArchiveError::Damaged { what: "a constraint cannot be read" })
}

/// Of each type the numbers of constraints and of their places.
pub(super) fn by_type(all: &[Constraint]) -> BTreeMap<String, Vec<(usize, usize)>> {
    let mut by_type: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (number, constraint) in all.iter().enumerate() {
        for (place, Place(resource_type, _)) in constraint.places.iter().enumerate() {
            by_type.entry(resource_type.clone()).or_default().push((number, place));
        }
    }
    by_type
}

/// What cfn-lint demands of resources of a type beside the type's own schema: each with the keys
/// that lead from the resource to what it is about. Rules that compare several resources are not
/// among them.
pub fn constraints(resource_type: &str) -> impl Iterator<Item = (&'static [String], &'static Constraint)> {
    let numbers = [resource_type, "*"].into_iter().filter_map(|name| CATALOGUE.constraints.get(name));
    numbers.flatten().map(|&(constraint, place)| {
        let constraint = &CATALOGUE.archive.index.constraints[constraint];
        (constraint.places[place].1.as_slice(), constraint)
    })
}
