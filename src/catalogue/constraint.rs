//! Demands on properties that cfn-lint makes with a schema of its own, beside the types' schemas.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::CATALOGUE;
use super::archive::{ArchiveError, Span};
use super::path::PropertyPath;
use super::schema::{Definitions, Schema};

/// A schema that the value at some places must satisfy.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Constraint {
    /// cfn-lint's code, `E3638` for example. Some begin with `W` or `I`: advice.
    pub code: String,
    /// What it is about, in cfn-lint's words.
    pub title: String,
    /// Type and path (inside `Properties`; empty for all of them) of the values it is about.
    pub places: Vec<(String, PropertyPath)>,
    /// Whether cfn-lint reports everything that does not fit, or only what fits best.
    pub all_findings: bool,
    /// Whether cfn-lint looks at more than the schema says, at the same engine's name in another
    /// case for example. What the schema alone refuses need not be wrong then.
    pub refined: bool,
    #[serde(default)]
    everywhere: Option<Entry>,
    #[serde(default)]
    regions: BTreeMap<String, Entry>,
}

/// Where a schema is, and what was read of it.
#[derive(Debug, Deserialize)]
#[serde(from = "Span")]
struct Entry {
    span: Span,
    read: OnceLock<ConstraintSchema>,
}

impl From<Span> for Entry {
    fn from(span: Span) -> Self {
        Self { span, read: OnceLock::new() }
    }
}

/// A schema that stands for itself.
#[derive(Clone, Debug, Deserialize)]
pub struct ConstraintSchema {
    /// What the value may be.
    #[serde(flatten)]
    pub schema: Schema,
    /// Schemas that it refers to, by name.
    #[serde(default)]
    pub definitions: Definitions,
}

impl ConstraintSchema {
    /// As [`super::ResourceType::resolve`].
    pub fn resolve<'a>(&'a self, schema: &'a Schema) -> Option<&'a Schema> {
        schema.resolve(&self.schema, &self.definitions)
    }
}

impl Constraint {
    /// What the value may be in a region; `None` where nothing is demanded there.
    ///
    /// Read when it is first asked for: some are long (the classes of databases in all regions).
    pub fn schema(&'static self, region: &str) -> Option<&'static ConstraintSchema> {
        let entry = self.everywhere.as_ref().or_else(|| self.regions.get(region))?;
        Some(entry.read.get_or_init(|| read(&entry.span).expect(super::SHIPPED)))
    }

    /// Whether it differs from region to region.
    pub fn is_regional(&self) -> bool {
        self.everywhere.is_none()
    }
}

fn read(span: &Span) -> Result<ConstraintSchema, ArchiveError> {
    let text = CATALOGUE.archive.at(span)?;
    serde_json::from_str(text).map_err(|_| ArchiveError::Damaged { what: "a constraint cannot be read" })
}

/// What cfn-lint demands of a type's properties beside the type's own schema: each with the path it
/// is about, sorted by code. Rules that compare several resources are not among them.
pub fn constraints(
    resource_type: &str,
) -> impl Iterator<Item = (&'static PropertyPath, &'static Constraint)> {
    let numbers = CATALOGUE.constraints.get(resource_type).map_or(&[][..], Vec::as_slice);
    numbers.iter().map(|&(constraint, place)| {
        let constraint = &CATALOGUE.archive.index.constraints[constraint];
        (&constraint.places[place].1, constraint)
    })
}
