//! Base images: what the lock says of them, and their bytes in the store.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::image::base_image;
use crate::manifest::Project;
use crate::manifest::lock::{BASE, FactError, FactName, FactProvider, Lock};
use crate::model::Platform;
use crate::port::{Registry, RegistryError};

/// Answers what a base image is at this moment.
pub struct BaseImages {
    /// The base images that the project names.
    pub wanted: BTreeSet<(String, Platform)>,
    /// Who is asked; `None` where there is nothing to ask.
    pub registry: Option<Arc<dyn Registry>>,
}

#[async_trait]
impl FactProvider for BaseImages {
    fn name(&self) -> &'static str {
        BASE
    }

    fn wanted(&self, _: &Project) -> Vec<FactName> {
        self.wanted.iter().map(|(image, platform)| Lock::base_name(image, platform)).collect()
    }

    async fn look_up(&self, _: &Project, fact: &FactName) -> Result<Value, FactError> {
        let failed =
            |source: Box<dyn std::error::Error + Send + Sync>| FactError { fact: fact.clone(), source };
        let (image, platform) = Lock::base_of(fact).ok_or_else(|| failed("it names no platform".into()))?;
        let registry = self.registry.as_ref().ok_or_else(|| failed(RegistryError::Without.into()))?;
        let found = registry.resolve(image, &platform).await.map_err(|error| failed(error.into()))?;
        let image =
            base_image(&found.manifest, &found.configuration).map_err(|error| failed(error.into()))?;
        Ok(Lock::base_value(&image))
    }
}
