//! The functions of ours: files as values, dynamic references.

use std::collections::BTreeMap;
use std::sync::Arc;

use tera::{Error, Kwargs, State, TeraResult, Value};

use crate::model::diagnostic::did_you_mean;
use crate::render::{budget, session};

/// Registers them. `files` are the texts of the folder that are not rendered, by their path in it;
/// `folder` is where they are.
pub(super) fn register(tera: &mut tera::Tera, folder: &str, files: BTreeMap<String, Vec<u8>>) {
    let (folder, files) = (folder.to_owned(), Arc::new(files));
    tera.register_function("file", move |arguments: Kwargs, _: &State<'_>| file(&folder, &files, &arguments));
    tera.register_function("resolve_secret", |arguments: Kwargs, _: &State<'_>| resolve_secret(&arguments));
    tera.register_function("resolve_parameter", |arguments: Kwargs, _: &State<'_>| {
        resolve_parameter("ssm", &arguments)
    });
    tera.register_function("resolve_secure_parameter", |arguments: Kwargs, _: &State<'_>| {
        resolve_parameter("ssm-secure", &arguments)
    });
}

/// The text of a file beside the template, as a value: it is put in after parsing, so its
/// indentation and quotes do not matter.
fn file(folder: &str, files: &BTreeMap<String, Vec<u8>>, arguments: &Kwargs) -> TeraResult<Value> {
    let name = arguments.must_get::<&str>("name")?;
    let bytes = files.get(name).ok_or_else(|| {
        let meant = did_you_mean(name, files.keys().map(String::as_str));
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        Error::message(format!("there is no file `{name}` beside this template{meant}"))
    })?;
    let text =
        std::str::from_utf8(bytes).map_err(|_| Error::message(format!("the file `{name}` is not UTF-8")))?;
    if crate::template::contains_token_characters(text) {
        return Err(Error::message(format!("the file `{name}` has characters that rekindle reserves")));
    }
    budget::charge(text.len() as u64)?;
    session::with(|session| session.used.insert(format!("{folder}/{name}")));
    Ok(Value::from(text))
}

/// Form: AWS CloudFormation user guide, "Get a secret or secret value from Secrets Manager".
fn resolve_secret(arguments: &Kwargs) -> TeraResult<Value> {
    let name = part(arguments, "name")?.ok_or_else(|| missing("name"))?;
    let key = part(arguments, "key")?.unwrap_or_default();
    let stage = part(arguments, "stage")?.unwrap_or_default();
    let version = part(arguments, "version")?.unwrap_or_default();
    let rest = format!("{key}:{stage}:{version}");
    let reference = format!("secretsmanager:{name}:SecretString:{}", rest.trim_end_matches(':'));
    Ok(Value::from(format!("{{{{resolve:{}}}}}", reference.trim_end_matches(':'))))
}

/// Form: AWS CloudFormation user guide, "Get a plaintext value from Systems Manager Parameter
/// Store" and "Get a secure string value ...". The version is required here: without one the value
/// is read anew at any change of the template.
fn resolve_parameter(service: &str, arguments: &Kwargs) -> TeraResult<Value> {
    let name = part(arguments, "name")?.ok_or_else(|| missing("name"))?;
    let version = arguments.get::<u64>("version")?.ok_or_else(|| missing("version"))?;
    Ok(Value::from(format!("{{{{resolve:{service}:{name}:{version}}}}}")))
}

fn part<'k>(arguments: &'k Kwargs, name: &'k str) -> TeraResult<Option<&'k str>> {
    let value = arguments.get::<&str>(name)?;
    match value.filter(|value| value.contains(['{', '}']) || value.chars().any(char::is_whitespace)) {
        Some(value) => Err(Error::message(format!("`{value}` cannot be the {name} in a dynamic reference"))),
        None => Ok(value),
    }
}

fn missing(name: &str) -> Error {
    Error::message(format!("the argument `{name}` is missing"))
}
