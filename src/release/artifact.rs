//! The artifacts of an environment as files, and the document that lists them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{Class, InstanceName, SealedUnit, UnitKind, canonical};
use crate::release::assemble::Assembly;

/// The number of the format of the render document and of `inputs.json`.
const SCHEMA: u32 = 1;

/// Where the artifact of an instance lies in the output directory: `TARGET/UNIT.json`.
pub fn artifact_path(instance: &InstanceName) -> String {
    format!("{}/{}.json", instance.target, instance.unit)
}

/// Every file of `render --out`: one canonical template per instance, without rekindle's own
/// additions, and `inputs.json`. No path, tool or time is in any of them.
pub fn render_files(assembly: &Assembly) -> BTreeMap<String, Vec<u8>> {
    let written = |unit: &SealedUnit| (artifact_path(unit.instance()), unit.template.text().into());
    let templates = assembly.units.iter().map(written);
    let mut files: BTreeMap<String, Vec<u8>> = templates.collect();
    files.insert("inputs.json".to_owned(), canonical::bytes(&input_document(assembly)));
    files
}

fn input_document(assembly: &Assembly) -> Value {
    let mut document = json!(assembly.manifest);
    document["schema"] = SCHEMA.into();
    document["project"] = json!(assembly.environment.project);
    document["environment"] = json!(assembly.environment.name);
    document["release"] = json!(assembly.release);
    document["deployment"] = json!(assembly.deployment);
    document
}

/// The document of `render --output json`. `artifact` says how the artifact of an instance can be
/// opened; it answers `None` where no files are written.
pub fn render_document(assembly: &Assembly, artifact: impl Fn(&InstanceName) -> Option<String>) -> Value {
    let stacks = assembly.units.iter().map(|unit| {
        json!({
            "name": unit.instance().unit,
            "target": unit.instance().target,
            "kind": UnitKind::Stack,
            "class": unit.class,
            "digest": unit.digest(),
            "needs": unit.needs,
            "artifact": artifact(unit.instance()),
        })
    });
    // Images are built, not rendered; their digest is the input hash, so none needs to be built for it.
    let images = assembly.images.iter().map(|image| {
        json!({
            "name": image.instance.unit,
            "target": image.instance.target,
            "kind": UnitKind::Image,
            "class": Class::Stateless,
            "digest": image.recipe.input,
            "needs": [],
            "artifact": null,
        })
    });
    let units: Vec<Value> = stacks.chain(images).collect();
    json!({
        "schema": SCHEMA,
        "environment": assembly.environment.name,
        "release": assembly.release,
        "deployment": assembly.deployment,
        "units": units,
    })
}
