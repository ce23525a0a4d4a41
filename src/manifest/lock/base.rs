//! Base images in the lock: what a name after `FROM` means, for one platform.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::manifest::lock::{FactName, Lock, Scope};
use crate::model::{BaseImage, Platform};

/// Provider name of base images.
pub const BASE: &str = "base";

/// Reads the form in the lock.
pub(super) fn from_value(value: &Value) -> Option<BaseImage> {
    let Value::Object(config) = value.get("config")? else { return None };
    let diff_ids = value.get("diff_ids")?.as_array()?.iter();
    Some(BaseImage {
        manifest: value.get("manifest")?.as_str()?.parse().ok()?,
        diff_ids: diff_ids.map(|digest| digest.as_str()?.parse().ok()).collect::<Option<_>>()?,
        config: config.clone(),
    })
}

impl Lock {
    /// The name of the fact about a base image: `NAME@OS/ARCHITECTURE`, the name as it is written after
    /// `FROM`.
    pub fn base_name(image: &str, platform: &Platform) -> FactName {
        FactName { provider: BASE.to_owned(), name: format!("{image}@{platform}"), scope: Scope::Global }
    }

    /// The image and the platform that a fact is about.
    pub fn base_of(fact: &FactName) -> Option<(&str, Platform)> {
        let (image, platform) = fact.name.rsplit_once('@')?;
        (fact.provider == BASE).then_some(())?;
        Some((image, platform.parse().ok()?))
    }

    /// The form in the lock.
    pub fn base_value(image: &BaseImage) -> Value {
        json!({ "manifest": image.manifest, "diff_ids": image.diff_ids, "config": image.config })
    }

    /// The base images for a platform, by their names.
    pub fn bases(&self, platform: &Platform) -> BTreeMap<String, BaseImage> {
        let known = self.facts.iter().filter_map(|(fact, value)| {
            let (image, found) = Self::base_of(fact)?;
            (found == *platform).then_some((image.to_owned(), from_value(value)?))
        });
        known.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    #[test]
    fn a_base_image_reads_back_for_its_platform_only() {
        let (amd, arm): (Platform, Platform) = (Platform::default(), "linux/arm/v7".parse().unwrap());
        let config = json!({"Env": ["PATH=/bin"], "Labels": {"a": "1"}});
        let Value::Object(config) = config else { panic!() };
        let image = BaseImage { manifest: Digest::of("m"), diff_ids: vec![Digest::of("l")], config };
        let pinned = format!("registry.example:5000/a/b:1@{}", Digest::of("index"));
        let mut lock = Lock::default();
        lock.facts.insert(Lock::base_name("debian:12", &amd), Lock::base_value(&image));
        lock.facts.insert(Lock::base_name(&pinned, &arm), Lock::base_value(&image));
        let lock = Lock::read(lock.write().as_bytes()).unwrap();
        assert_eq!(lock.bases(&amd), [("debian:12".to_owned(), image.clone())].into());
        assert_eq!(lock.bases(&arm), [(pinned, image)].into());
    }
}
