//! Built images in the lock: from which input which manifest came out.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::manifest::lock::{FactName, Lock, Scope};
use crate::model::{Digest, EnvironmentName, InstanceName};

/// Provider name of built images.
pub const IMAGE: &str = "image";

/// What was built last for one instance of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockedImage {
    /// The input hash.
    pub input: Digest,
    /// Digest of the manifest that came out.
    pub manifest: Digest,
}

impl LockedImage {
    /// The form in the lock.
    pub fn to_value(self) -> Value {
        json!({ "input": self.input, "manifest": self.manifest })
    }

    /// Reads the form in the lock.
    pub fn from_value(value: &Value) -> Option<Self> {
        let digest = |key: &str| value.get(key)?.as_str()?.parse().ok();
        Some(Self { input: digest("input")?, manifest: digest("manifest")? })
    }
}

impl Lock {
    /// The name of the fact about an instance: `ENVIRONMENT/UNIT[@TARGET]`.
    pub fn image_name(environment: &EnvironmentName, instance: &InstanceName) -> FactName {
        let name = format!("{environment}/{instance}");
        FactName { provider: IMAGE.to_owned(), name, scope: Scope::Global }
    }

    /// The manifest that came out of `input`: for this instance, else for any other. So an environment
    /// takes over what another one has built from the same input.
    pub fn image(
        &self,
        environment: &EnvironmentName,
        instance: &InstanceName,
        input: Digest,
    ) -> Option<Digest> {
        let own = self.facts.get(&Self::image_name(environment, instance));
        let built = self.facts.iter().filter(|(name, _)| name.provider == IMAGE).map(|(_, value)| value);
        own.into_iter()
            .chain(built)
            .filter_map(LockedImage::from_value)
            .find(|built| built.input == input)
            .map(|built| built.manifest)
    }

    /// Writes down what was built for an environment, and forgets its instances that are not among `all`.
    pub fn set_images(
        &mut self,
        environment: &EnvironmentName,
        all: &[InstanceName],
        built: &[(InstanceName, LockedImage)],
    ) {
        let prefix = format!("{environment}/");
        let kept: BTreeSet<FactName> = all.iter().map(|one| Self::image_name(environment, one)).collect();
        let is_gone = |name: &FactName| name.provider == IMAGE && name.name.starts_with(&prefix);
        self.facts.retain(|name, _| !is_gone(name) || kept.contains(name));
        for (instance, image) in built {
            self.facts.insert(Self::image_name(environment, instance), image.to_value());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_known_wherever_it_was_built() {
        let (demo, production) =
            (EnvironmentName::new("demo").unwrap(), EnvironmentName::new("production").unwrap());
        let (web, gone) = ("web".parse::<InstanceName>().unwrap(), "gone".parse::<InstanceName>().unwrap());
        let built = |input: &str| LockedImage {
            input: Digest::of(input),
            manifest: Digest::of(format!("made from {input}")),
        };
        let mut lock = Lock::default();
        let other = "other".parse::<InstanceName>().unwrap();
        let first =
            [(web.clone(), built("old")), (gone.clone(), built("gone")), (other.clone(), built("other"))];
        lock.set_images(&demo, &[web.clone(), gone, other.clone()], &first);
        lock.set_images(&demo, &[web.clone(), other.clone()], &[(web.clone(), built("new"))]);
        assert_eq!(lock.facts.len(), 2, "what is gone is forgotten, what was not asked for stays");
        assert_eq!(lock.image(&production, &web, Digest::of("new")), Some(Digest::of("made from new")));
        assert_eq!(lock.image(&demo, &web, Digest::of("old")), None);
        assert_eq!(Lock::read(lock.write().as_bytes()).unwrap(), lock);
    }
}
