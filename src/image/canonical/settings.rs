//! What of an engine's configuration is kept: a list of what is allowed, since each engine adds facts of
//! its own about the build and the machine.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::image::canonical::CanonicalError;
use crate::image::configuration::Configuration;
use crate::image::stages::SEARCH_PATH;
use crate::model::Platform;

/// The settings and the environment of an image that is to be for `platform`. `inherited` is the number
/// of variables that come from its base.
pub(super) fn read(
    document: &Value,
    platform: &Platform,
    inherited: usize,
) -> Result<(Configuration, Vec<(String, String)>), CanonicalError> {
    let said = |key: &str| document[key].as_str().unwrap_or_default();
    if (said("os"), said("architecture")) != (&platform.os, &platform.architecture) {
        let found = format!("{}/{}", said("os"), said("architecture"));
        return Err(CanonicalError::OtherPlatform { found, wanted: platform.to_string() });
    }
    let config = &document["config"];
    let text = |key: &str| config[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let names = |key: &str| config[key].as_object().into_iter().flat_map(|map| map.keys().cloned()).collect();
    let labels = config["Labels"].as_object().into_iter().flatten();
    let label = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    let configuration = Configuration {
        command: list(&config["Cmd"]),
        has_own_command: false,
        entrypoint: list(&config["Entrypoint"]),
        user: text("User"),
        directory: text("WorkingDir").unwrap_or_default(),
        ports: names("ExposedPorts"),
        volumes: names("Volumes"),
        labels: labels.filter_map(label).collect::<BTreeMap<_, _>>(),
        stop_signal: text("StopSignal"),
        health: Some(config["Healthcheck"].clone()).filter(Value::is_object),
        shell: list(&config["Shell"]),
    };
    Ok((configuration, environment(config, inherited)))
}

/// The classic builder sets no search path where a Dockerfile starts from nothing; BuildKit does, and so
/// is it here.
fn environment(config: &Value, inherited: usize) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = list(&config["Env"])
        .unwrap_or_default()
        .iter()
        .map(|text| text.split_once('=').unwrap_or((text, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    if !variables.iter().any(|(name, _)| name == "PATH") {
        variables.insert(inherited.min(variables.len()), ("PATH".to_owned(), SEARCH_PATH.to_owned()));
    }
    variables
}

fn list(value: &Value) -> Option<Vec<String>> {
    let words = value.as_array()?.iter();
    Some(words.filter_map(|word| word.as_str().map(str::to_owned)).collect())
}
