//! Which of a registry's manifests is the one for a platform.

use serde_json::Value;

use crate::model::{Digest, Platform};
use crate::port::RegistryError;
use crate::registry::failure::Asked;

/// What a registry gave for a name.
pub(super) enum Found {
    /// An image.
    Image {
        /// Its configuration.
        configuration: Digest,
        /// How many bytes that has.
        size: u64,
    },
    /// A list of images; this is the one.
    Listed(Digest),
}

/// Reads a manifest or an index of manifests.
pub(super) fn read(
    bytes: &[u8],
    image: &str,
    platform: &Platform,
    asked: &Asked,
) -> Result<Found, RegistryError> {
    let wrong = |message: &str| asked.answer(message.to_owned());
    let document: Value = serde_json::from_slice(bytes).map_err(|error| asked.answer(error.to_string()))?;
    if let Some(entries) = document["manifests"].as_array() {
        let chosen = choose(entries, platform);
        let digest = chosen.ok_or_else(|| no_platform(image, platform, listed(entries)))?;
        return digest.parse().map(Found::Listed).map_err(|_| wrong("a manifest has no SHA-256"));
    }
    let configuration = &document["config"];
    match (
        configuration["digest"].as_str().and_then(|digest| digest.parse().ok()),
        configuration["size"].as_u64(),
    ) {
        (Some(configuration), Some(size)) => Ok(Found::Image { configuration, size }),
        _ => Err(wrong("it is neither the manifest of an image nor an index of them")),
    }
}

/// The entry for a platform. Where no variant is wanted, one that says none comes first, then the one
/// that is the rule for the architecture.
fn choose<'e>(entries: &'e [Value], platform: &Platform) -> Option<&'e str> {
    let rank = |entry: &Value| {
        let found = &entry["platform"];
        if found["os"] != platform.os.as_str() || found["architecture"] != platform.architecture.as_str() {
            return None;
        }
        variant_rank(found["variant"].as_str(), platform)
    };
    let ranked = entries.iter().filter_map(|entry| Some((rank(entry)?, entry["digest"].as_str()?)));
    // The first of those that are equally good.
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, digest)| digest)
}

/// How well a variant fits; `None` when it does not.
fn variant_rank(found: Option<&str>, platform: &Platform) -> Option<u8> {
    let found = found.filter(|text| !text.is_empty());
    match (found, platform.variant.as_deref()) {
        (found, wanted) if found == wanted => Some(0),
        (Some("v8"), None) | (None, Some("v8")) if platform.architecture == "arm64" => Some(1),
        _ => None,
    }
}

/// Checks that a configuration is for the platform.
pub(super) fn check_platform(
    configuration: &[u8],
    image: &str,
    platform: &Platform,
    asked: &Asked,
) -> Result<(), RegistryError> {
    let document: Value =
        serde_json::from_slice(configuration).map_err(|error| asked.answer(error.to_string()))?;
    let entry = serde_json::json!([{ "platform": document, "digest": "it" }]);
    let entries = entry.as_array().map(Vec::as_slice).unwrap_or_default();
    match choose(entries, platform) {
        Some(_) => Ok(()),
        None => Err(no_platform(image, platform, listed(entries))),
    }
}

fn no_platform(image: &str, wanted: &Platform, found: String) -> RegistryError {
    RegistryError::NoPlatform { image: image.to_owned(), wanted: wanted.clone(), found }
}

fn listed(entries: &[Value]) -> String {
    let name = |entry: &Value| {
        let part = |key: &str| entry["platform"][key].as_str().unwrap_or_default().to_owned();
        let parts = [part("os"), part("architecture"), part("variant")];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("/")
    };
    // What is said to be for an unknown platform holds facts about another entry, and is no image.
    let names: Vec<String> =
        entries.iter().map(name).filter(|name| !name.is_empty() && !name.starts_with("unknown")).collect();
    if names.is_empty() { "none that is named".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chosen(platform: &str) -> Option<&'static str> {
        let entry = |digest: &str, architecture: &str, variant: &str| json!({"digest": digest, "platform": {"os": "linux", "architecture": architecture, "variant": variant}});
        let entries = json!([
            entry("a6", "arm", "v6"),
            entry("a7", "arm", "v7"),
            entry("v3", "amd64", "v3"),
            entry("amd", "amd64", ""),
            entry("64", "arm64", "v8"),
            {"digest": "about", "platform": {"os": "unknown", "architecture": "unknown"}},
        ]);
        let digest = choose(entries.as_array()?, &platform.parse().unwrap())?.to_owned();
        ["a6", "a7", "v3", "amd", "64"].into_iter().find(|known| *known == digest)
    }

    #[test]
    fn the_entry_of_the_platform_is_chosen() {
        for (platform, expected) in [
            ("linux/amd64", Some("amd")),
            ("linux/amd64/v3", Some("v3")),
            ("linux/arm/v7", Some("a7")),
            ("linux/arm", None),
            ("linux/arm64", Some("64")),
            ("linux/arm64/v8", Some("64")),
            ("linux/riscv64", None),
        ] {
            assert_eq!(chosen(platform), expected, "{platform}");
        }
    }
}
