//! What an image was made from, and by whom: an in-toto statement (v1) with the SLSA provenance predicate (v1).
//!
//! The predicate's metadata (when a build ran, and which it was) is optional and left out: with it no two
//! builds would say the same.

use serde_json::{Map, Value, json};

use crate::image::RULES;
use crate::image::recipe::Recipe;
use crate::model::{Digest, Fetch, TemplateRef, canonical};

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// The type of the predicate.
pub(super) const PREDICATE: &str = "https://slsa.dev/provenance/v1";
/// What the parameters mean is written there.
const BUILD_TYPE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/docs/images.md#provenance");
const BUILDER: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/rekindle");

/// Something that an image was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Material {
    /// What it is, in the words of the input hash.
    pub name: String,
    /// Its digest.
    pub digest: Digest,
}

/// One making of an image.
#[derive(Clone, Copy, Debug)]
pub struct Made<'m> {
    /// The unit.
    pub unit: &'m str,
    /// Its template.
    pub template: &'m TemplateRef,
    /// How it is put together.
    pub recipe: &'m Recipe,
    /// Files that were fetched.
    pub fetches: &'m [Fetch],
    /// The engine that built it with its version, and its builder; `None` where none did.
    pub engine: Option<(&'m str, &'m str)>,
    /// What came out.
    pub manifest: Digest,
}

/// The statement, as canonical JSON.
pub fn provenance(made: &Made<'_>) -> Vec<u8> {
    let mut versions = Map::from_iter([("rekindle".to_owned(), json!(env!("CARGO_PKG_VERSION")))]);
    if let Some((engine, builder)) = made.engine {
        let (name, version) = engine.rsplit_once(' ').unwrap_or((engine, ""));
        versions.insert(name.to_owned(), json!(version));
        versions.insert("builder".to_owned(), json!(builder));
    }
    canonical::bytes(&json!({
        "_type": STATEMENT,
        "subject": [{"name": made.unit, "digest": {"sha256": made.manifest.hex()}}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": external(made),
                "internalParameters": {"rules": RULES, "input": made.recipe.input, "epoch": 0, "network": "none"},
                "resolvedDependencies": dependencies(made),
            },
            "runDetails": {"builder": {"id": BUILDER, "version": versions}},
        },
    }))
}

/// What the source says.
fn external(made: &Made<'_>) -> Value {
    let execution = &made.recipe.execution;
    // The epoch and the platform are said elsewhere.
    let given = |name: &str| name != "SOURCE_DATE_EPOCH" && !name.starts_with("TARGET");
    let arguments: Map<String, Value> = execution
        .arguments
        .iter()
        .filter(|(name, _)| given(name))
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let labels: Map<String, Value> =
        execution.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let mut external = json!({
        "unit": made.unit,
        "template": made.template.to_string(),
        "platform": made.recipe.platform.to_string(),
    });
    for (key, value) in [
        ("arguments", json!(arguments)),
        ("labels", json!(labels)),
        ("drop", json!(execution.drop)),
        // Their names; what they are is known to nobody here.
        ("secrets", json!(execution.secrets)),
    ] {
        if value.as_object().is_none_or(|map| !map.is_empty())
            && value.as_array().is_none_or(|list| !list.is_empty())
        {
            external[key] = value;
        }
    }
    if !execution.stage.is_empty() {
        external["stage"] = json!(execution.stage);
    }
    external
}

/// What it was made from, each with its digest.
fn dependencies(made: &Made<'_>) -> Vec<Value> {
    let recipe = made.recipe;
    let described =
        |material: &Material| json!({"name": material.name, "digest": {"sha256": material.digest.hex()}});
    let bases = recipe.bases.iter().map(|(name, base)| {
        let uri = format!("oci://{}@{}", name.split('@').next().unwrap_or(name), base.manifest);
        json!({"name": format!("base {name}"), "uri": uri, "digest": {"sha256": base.manifest.hex()}})
    });
    let fetched = made.fetches.iter().map(|fetch| {
        let digest = json!({"sha256": fetch.digest.hex()});
        json!({"name": format!("fetch {}", fetch.path), "uri": public(&fetch.url), "digest": digest})
    });
    recipe.materials.iter().map(described).chain(bases).chain(fetched).collect()
}

/// An address without what may open it: a name and a password, a signature.
pub(super) fn public(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) =
        rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
    format!("{scheme}://{}{path}", host.rsplit('@').next().unwrap_or(host))
}
