//! Variables of a stage: `ENV`, `ARG`, and those that every build has.

use std::collections::BTreeMap;

use crate::model::Platform;

/// What variables a stage has so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    /// `ENV`, in the order of first mention; they end up in the image.
    pub(super) kept: Vec<(String, String)>,
    /// `ARG`; they are gone with the build.
    arguments: BTreeMap<String, String>,
}

impl Environment {
    /// The value of a variable. `ENV` comes before `ARG` of the same name.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let kept = self.kept.iter().find(|(kept, _)| kept == name).map(|(_, value)| value);
        kept.or_else(|| self.arguments.get(name)).cloned()
    }

    /// `ENV`: a later value takes the place of an earlier one.
    pub(super) fn keep(&mut self, name: String, value: String) {
        match self.kept.iter_mut().find(|(kept, _)| *kept == name) {
            Some((_, old)) => *old = value,
            None => self.kept.push((name, value)),
        }
    }

    /// `ARG`; without a value it takes one away.
    pub(super) fn argue(&mut self, name: String, value: Option<String>) {
        match value {
            Some(value) => drop(self.arguments.insert(name, value)),
            None => drop(self.arguments.remove(&name)),
        }
    }

    /// What begins a new stage from this one: arguments are not handed on.
    pub(super) fn inherited(&self) -> Self {
        Self { kept: self.kept.clone(), arguments: BTreeMap::new() }
    }
}

/// The arguments of the platform that an `ARG` without a value gives access to. Those of the machine
/// that builds (`BUILDPLATFORM` ...) are none of them: they differ from machine to machine.
pub(super) fn of_platform(platform: &Platform, name: &str) -> Option<String> {
    match name {
        "TARGETPLATFORM" => Some(platform.to_string()),
        "TARGETOS" => Some(platform.os.clone()),
        "TARGETARCH" => Some(platform.architecture.clone()),
        "TARGETVARIANT" => Some(platform.variant.clone().unwrap_or_default()),
        _ => None,
    }
}
