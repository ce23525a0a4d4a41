//! The base images that a project's Dockerfiles name.

use std::collections::BTreeSet;

use crate::manifest::Project;
use crate::model::{Diagnostics, Platform};
use crate::release::assemble::{Assembler, contexts};
use crate::release::images;

impl Assembler<'_> {
    /// Every base image of every environment, each with the platform that it is wanted for.
    ///
    /// # Errors
    /// Everything that is wrong with an environment that has images.
    pub fn base_images(&self) -> Result<BTreeSet<(String, Platform)>, Diagnostics> {
        let mut found = BTreeSet::new();
        if self.project.units.values().all(|unit| unit.image.is_none()) {
            return Ok(found);
        }
        for environment in self.project.manifest.environments.keys() {
            let resolved = self.project.resolve(environment)?;
            let contexts = contexts(self.project, &resolved.environment)?;
            for image in &resolved.images {
                let context = contexts[&image.instance.target].of(&image.inputs)?;
                let rendered = self.renderer.files(&Project::folder(&image.template.value), &context)?;
                let names = images::base_names(image, rendered)?;
                found.extend(names.into_iter().map(|name| (name, image.platform.clone())));
            }
        }
        Ok(found)
    }
}
