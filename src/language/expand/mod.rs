//! Expands what `AWS::LanguageExtensions` adds to the language: loops are written out, and what
//! must be a plain name or number elsewhere (`Ref`, `DependsOn`, `DeletionPolicy`, `Fn::Length`)
//! becomes one. The result is a template of the plain language, except for `Fn::ToJsonString` and
//! the default values of `Fn::FindInMap`, which hang on resources and are computed with them.
//!
//! Sources: CloudFormation template reference, "AWS::LanguageExtensions transform", "Fn::ForEach",
//! "Fn::Length", "Fn::ToJsonString"; user guide, "Intrinsic function references in DeletionPolicy
//! and UpdateReplacePolicy attributes". Where a page and real accounts part (placeholders in plain
//! texts are not replaced), accounts win: ministackorg/ministack#1739 tells what was measured, and
//! cfn-lint does the same.
//!
//! Bounded: a small template cannot become a large one by more than [`MAXIMUM_BYTES`].

mod check;
mod names;
mod placeholders;
mod repeat;
mod walk;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::language::evaluate::EvaluateError;
use crate::language::facts::Facts;
use walk::Expander;

/// Longest expanded template, in bytes. Source: CloudFormation user guide, "CloudFormation quotas";
/// quotas apply to the expanded template ("Fn::ForEach").
pub const MAXIMUM_BYTES: usize = 1_048_576;

/// Most turns of all loops together: loops in loops over nothing produce no bytes to count.
pub const MAXIMUM_TURNS: usize = 100_000;

/// Longest collections of all turns together, in bytes.
pub const MAXIMUM_COLLECTIONS: usize = 16 * MAXIMUM_BYTES;

/// How deep loops may nest.
pub const MAXIMUM_DEPTH: usize = 5;

/// What to do about a loop or a name that hangs on a value that is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// CloudFormation refuses it.
    Refuse,
    /// It stays as it is written.
    Keep,
}

/// A template, expanded.
#[derive(Clone, Debug, Default)]
pub struct Expansion {
    /// The template of the plain language, without `Transform` when nothing else is to be done.
    pub template: Map<String, Value>,
    /// Source pointers of loops that were kept, because their collections are not known.
    pub kept: BTreeSet<String>,
    /// Source pointers of texts in which `${Identifier}` or `&{Identifier}` of a loop around them
    /// stays as written: CloudFormation replaces it in keys and in `Fn::Sub` only.
    pub literals: BTreeSet<String>,
    /// Pointers of what loops made, with the pointers of what they made it from.
    origins: BTreeMap<String, String>,
}

impl Expansion {
    /// Where the value at a JSON pointer of the expanded template stands in the source: a pointer
    /// into the source, exact as far as the two have the same shape there.
    pub fn source(&self, pointer: &str) -> String {
        let mut prefix = pointer;
        loop {
            if let Some(origin) = self.origins.get(prefix) {
                return format!("{origin}{}", &pointer[prefix.len()..]);
            }
            match prefix.rfind('/') {
                Some(end) if end > 0 => prefix = &prefix[..end],
                _ => return pointer.to_owned(),
            }
        }
    }
}

/// Why a template cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Transform AWS::LanguageExtensions failed with: {problem} (at {pointer})")]
pub struct ExpandError {
    /// Pointer into the source.
    pub pointer: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a loop, or with what the transform has to resolve. The words are
/// CloudFormation's where they are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not `[identifier, collection, {key: value}]`.
    #[error("Fn::ForEach layout is incorrect")]
    Layout,
    /// The collection is no list of texts, or not known before resources exist.
    #[error("Could not find a collection or could not be resolved for Fn::ForEach")]
    Collection,
    /// A key of a loop that every turn would make again.
    #[error("the key {key} does not contain ${{{identifier}}} or &{{{identifier}}}")]
    NoIdentifier {
        /// As written.
        key: String,
        /// The loop's.
        identifier: String,
    },
    /// Two things of one name.
    #[error("the key {0} is there twice once the loops are written out")]
    Duplicate(String),
    /// A logical id with other characters in it.
    #[error("{what} '{key}' should be alphanumeric")]
    NotAlphanumeric {
        /// `LogicalId` or `OutputKey`.
        what: &'static str,
        /// Expanded.
        key: String,
    },
    /// Two loops of one name.
    #[error("the loop name {0} is used twice")]
    DuplicateLoop(String),
    /// A loop named like a resource.
    #[error("the loop name {0} is the logical id of a resource")]
    LoopIsResource(String),
    /// A function of the transform where it may not stand.
    #[error("{function} is supported in the sections Resources, Conditions and Outputs only")]
    Section {
        /// Its name.
        function: String,
    },
    /// Too many loops in loops.
    #[error("loops are nested more than {MAXIMUM_DEPTH} deep")]
    TooDeep,
    /// Too many turns.
    #[error("the loops take more than {MAXIMUM_TURNS} turns")]
    TooManyTurns,
    /// Too long collections, or looked at too often.
    #[error("the collections of all turns are longer than {MAXIMUM_COLLECTIONS} bytes")]
    TooMuchToRepeat,
    /// Too large.
    #[error("the expanded template is longer than {MAXIMUM_BYTES} bytes")]
    TooLong,
    /// A condition's name that is computed.
    #[error("Fn::If layout is incorrect")]
    If,
    /// A length that only resources tell.
    #[error("The Fn::Length value could not be resolved for properties")]
    Length,
    /// A name or a policy that is no text.
    #[error("{0} must come out as a text that is known before any resource exists")]
    Name(String),
    /// A value in it cannot be computed.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
}

/// Expands a template that declares the transform. Of `facts` parameters, pseudo parameters and
/// mappings count; conditions are decided from the template.
///
/// # Errors
/// [`ExpandError`] for what CloudFormation refuses, and for what would grow without bounds.
pub fn expand(
    template: &Map<String, Value>,
    facts: &Facts,
    unknown: Unknown,
) -> Result<Expansion, ExpandError> {
    check::sections(template)?;
    check::loops(template)?;
    let mut expander = Expander::new(facts.clone(), unknown);
    let mut expanded = Map::new();
    for (name, section) in template.iter().filter(|(name, _)| !check::SECTIONS.contains(&name.as_str())) {
        expander.spend(crate::language::value::weight(section), &format!("/{name}"))?;
        expanded.insert(name.clone(), section.clone());
    }
    // Policies and names may hang on conditions, so these come first.
    for name in check::SECTIONS {
        let Some(section) = template.get(name) else { continue };
        let section = expander.section(name, section)?;
        if name == "Conditions" {
            expander.decide(&section)?;
        }
        expanded.insert(name.to_owned(), section);
    }
    Ok(Expansion { template: expanded, ..expander.expansion })
}
