//! The base images that a project's Dockerfiles name.

use std::collections::BTreeSet;

use crate::manifest::Project;
use crate::model::{Diagnostics, EnvironmentName, Platform};
use crate::release::assemble::{Assembler, contexts};
use crate::release::images;

impl Assembler<'_> {
    /// Every base image of every environment, each with the platform that it is wanted for; and what is wrong
    /// with images that cannot be read, so that theirs are not known.
    pub fn base_images(&self) -> (BTreeSet<(String, Platform)>, Diagnostics) {
        let (mut found, mut problems) = (BTreeSet::new(), Diagnostics::default());
        let has_images = self.project.units.values().any(|unit| unit.image.is_some());
        for environment in self.project.manifest.environments.keys().filter(|_| has_images) {
            if let Err(broken) = self.bases_of(environment, &mut found, &mut problems) {
                problems.extend(broken);
            }
        }
        (found, problems)
    }

    fn bases_of(
        &self,
        environment: &EnvironmentName,
        found: &mut BTreeSet<(String, Platform)>,
        problems: &mut Diagnostics,
    ) -> Result<(), Diagnostics> {
        let resolved = self.project.resolve(environment)?;
        let contexts = contexts(self.project, &resolved.environment)?;
        for image in &resolved.images {
            let names = contexts[&image.instance.target].of(&image.inputs).and_then(|context| {
                let rendered = self.renderer.files(&Project::folder(&image.template.value), &context)?;
                images::base_names(image, rendered)
            });
            match names {
                Ok(names) => found.extend(names.into_iter().map(|name| (name, image.platform.clone()))),
                Err(broken) => problems.extend(broken),
            }
        }
        Ok(())
    }
}
