//! Who answers questions about outside facts.

use std::error::Error;

use async_trait::async_trait;
use serde_json::Value;

use crate::manifest::lock::{FactName, Scope, TEMPLATE};
use crate::manifest::project::Project;

/// Answers one kind of question. Adapters implement it for whatever needs the network.
#[async_trait]
pub trait FactProvider: Send + Sync {
    /// Its word in the lock: `template`, later `image`, `zone` ...
    fn name(&self) -> &'static str;

    /// The facts that the project needs from this provider.
    fn wanted(&self, project: &Project) -> Vec<FactName>;

    /// Whether a fact, once locked, may never change.
    fn is_fixed(&self) -> bool {
        false
    }

    /// Looks one fact up.
    async fn look_up(&self, project: &Project, fact: &FactName) -> Result<Value, FactError>;
}

/// A fact that could not be looked up.
#[derive(Debug, thiserror::Error)]
#[error("could not look up `{fact}`")]
pub struct FactError {
    /// Which.
    pub fact: FactName,
    /// Why.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

/// Publishes template versions: their digests, fixed for ever.
#[derive(Clone, Copy, Debug)]
pub struct TemplateDigests;

#[async_trait]
impl FactProvider for TemplateDigests {
    fn name(&self) -> &'static str {
        TEMPLATE
    }

    fn wanted(&self, project: &Project) -> Vec<FactName> {
        let names = project.templates.keys().map(ToString::to_string);
        names.map(|name| FactName { provider: TEMPLATE.to_owned(), name, scope: Scope::Global }).collect()
    }

    fn is_fixed(&self) -> bool {
        true
    }

    async fn look_up(&self, project: &Project, fact: &FactName) -> Result<Value, FactError> {
        let template = fact.name.parse().ok().and_then(|template| project.templates.get(&template));
        match template {
            Some(version) => Ok(version.digest.to_value()),
            None => Err(FactError { fact: fact.clone(), source: "there is no such folder".into() }),
        }
    }
}
