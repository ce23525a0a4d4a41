//! Words about images: the platform one is made for, and the repository it is pulled from.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{Digest, NameError, Output, Place};

/// What an image runs on: `OS/ARCHITECTURE[/VARIANT]`, in the words of the OCI image index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// For example `amd64`.
    pub architecture: String,
    /// For example `v7`.
    pub variant: Option<String>,
}

impl Default for Platform {
    /// A constant, and not the platform of this machine: the same source means the same image.
    fn default() -> Self {
        Self { os: "linux".to_owned(), architecture: "amd64".to_owned(), variant: None }
    }
}

impl FromStr for Platform {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let parts: Vec<&str> = text.split('/').collect();
        let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match parts[..] {
            [os, architecture] | [os, architecture, _] if parts.iter().all(is_word) => Ok(Self {
                os: os.to_owned(),
                architecture: architecture.to_owned(),
                variant: parts.get(2).map(|&variant| variant.to_owned()),
            }),
            _ => Err(NameError {
                kind: "platform",
                text: text.to_owned(),
                rule: "write OS/ARCHITECTURE, for example `linux/arm64`",
            }),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(formatter, "/{variant}"))
    }
}

/// What a name after `FROM` means for one platform, as it was found out once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseImage {
    /// Digest of its manifest for that platform.
    pub manifest: Digest,
    /// Digests of its layers without compression, the lowest first.
    pub diff_ids: Vec<Digest>,
    /// What of its configuration is taken over, in the words of the OCI image specification.
    pub config: Map<String, Value>,
}

/// A file that is fetched from elsewhere into the context of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// From where. Whatever else has these bytes will do, so it is no part of the input.
    pub url: String,
    /// What it must be.
    pub digest: Digest,
    /// Whether it may be executed.
    pub executable: bool,
    /// Its path in the context.
    pub path: String,
}

/// Where images of one unit are: `[HOST[:PORT]/]PATH`, without tag and digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryName(pub String);

impl FromStr for RepositoryName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (host, path) = match text.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (Some(host), path),
            _ => (None, text),
        };
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_part = |part: &str| {
            part.bytes().all(|byte| is_plain(byte) || b"._-".contains(&byte))
                && part.bytes().next().is_some_and(is_plain)
                && part.bytes().last().is_some_and(is_plain)
        };
        let is_host = |host: &str| {
            let (name, port) = host.split_once(':').unwrap_or((host, "1"));
            is_part(name) && port.parse::<u16>().is_ok()
        };
        if text.len() <= 255 && host.is_none_or(is_host) && path.split('/').all(is_part) {
            return Ok(Self(text.to_owned()));
        }
        Err(NameError {
            kind: "repository",
            text: text.to_owned(),
            rule: "write HOST/PATH in lower case without tag or digest, for example `registry.example/web`",
        })
    }
}

/// Whether a registry, by its `HOST[:PORT]`, is on this machine.
pub fn is_here(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Where the repository of an image is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Repository {
    /// In the source.
    Literal(String),
    /// In an output of a stack, known once that stack stands.
    Output(Output),
}

/// A built image: `!image UNIT`. Its value is `REPOSITORY@DIGEST`, never a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltImage {
    /// Where it is pulled from.
    pub repository: Repository,
    /// Digest of its manifest.
    pub manifest: Digest,
}

impl BuiltImage {
    /// The reference by which it is pulled from `repository`.
    pub fn reference(&self, repository: &str) -> String {
        format!("{repository}@{}", self.manifest)
    }
}

/// Where a unit file says what its image is given beside the Dockerfile.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Build arguments, by name.
    pub arguments: BTreeMap<String, Place>,
    /// The drop rules as a whole.
    pub drop: Option<Place>,
    /// Each drop rule.
    pub rules: Vec<Place>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_read_back_as_they_are_written() {
        for text in ["linux/amd64", "linux/arm/v7"] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), text);
        }
        for text in ["", "linux", "linux/", "linux/arm/v7/x", "linux/am d64"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn repositories_have_neither_tag_nor_digest() {
        for text in ["web", "a/b", "registry.example/a/b-c", "localhost:5000/a", "127.0.0.1:5000/a"] {
            assert!(text.parse::<RepositoryName>().is_ok(), "{text}");
        }
        for text in
            ["", "a:tag", "a@sha256:00", "A/b", "registry.example/", "h.example:port/a", "a//b", "a b"]
        {
            assert!(text.parse::<RepositoryName>().is_err(), "{text}");
        }
    }
}
