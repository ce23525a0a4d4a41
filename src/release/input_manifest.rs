//! The input manifest: every file and value that had influence, with its digest.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::manifest::{Project, ResolvedUnit};
use crate::model::files::{LOCK_FILE, MANIFEST_FILE};
use crate::model::{Binding, Digest, InstanceName, ProjectFiles, TemplateRef};
use crate::release::digests::Parts;

/// Everything that had influence on an environment's artifacts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InputManifest {
    /// The parts of the release id.
    pub release_parts: Parts,
    /// The parts of the deployment id.
    pub deployment_parts: Parts,
    /// Digest of the bytes of each file that had influence, by its path in the project.
    pub files: BTreeMap<String, Digest>,
    /// What each instance was made from.
    pub units: BTreeMap<InstanceName, UnitInputs>,
}

/// What one instance was made from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnitInputs {
    /// Its template.
    pub template: TemplateRef,
    /// The values of its inputs.
    pub inputs: Map<String, Value>,
    /// The parameters bound in the source; secrets by their name.
    pub parameters: BTreeMap<String, Binding>,
    /// The files it was made from, by their paths in the project.
    pub files: BTreeSet<String>,
}

impl UnitInputs {
    /// `used` are the sources that the render read, relative to `templates/`.
    pub(super) fn new(unit: &ResolvedUnit, used: &BTreeSet<String>, project: &ProjectFiles) -> Self {
        let mut files: BTreeSet<String> = used.iter().map(|path| format!("templates/{path}")).collect();
        files.insert(format!("stacks/{}.yaml", unit.instance.unit));
        files.insert(format!("templates/{}/interface.yaml", Project::folder(&unit.template.value)));
        // A template without an interface takes no inputs.
        files.retain(|path| project.get(path).is_some());
        let bound = unit.parameters.iter();
        Self {
            template: unit.template.value.clone(),
            inputs: unit.inputs.clone(),
            parameters: bound.map(|(name, bound)| (name.clone(), bound.binding.clone())).collect(),
            files,
        }
    }
}

impl InputManifest {
    pub(super) fn new(
        project: &ProjectFiles,
        release_parts: Parts,
        deployment_parts: Parts,
        units: BTreeMap<InstanceName, UnitInputs>,
    ) -> Self {
        let read = units.values().flat_map(|unit| unit.files.iter().map(String::as_str));
        let files: BTreeSet<&str> = read.chain([MANIFEST_FILE, LOCK_FILE]).collect();
        let digest = |path: &str| Some((path.to_owned(), Digest::of(project.get(path)?)));
        Self { files: files.into_iter().filter_map(digest).collect(), release_parts, deployment_parts, units }
    }
}
