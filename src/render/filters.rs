//! The filters of ours: the hooks around printed values, and what templates call.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tera::{Error, ErrorKind, Kwargs, State, TeraResult, Value};

use crate::render::budget;
use crate::render::names;
use crate::render::session::{self, Failure, Mode};
use crate::template::{Insertion, contains_token_characters, stamp, take_stamps};

/// Registers them, in place of Tera's own where the name is the same.
pub(super) fn register(tera: &mut tera::Tera) {
    tera.register_filter(names::PRINTED, printed);
    tera.register_filter(names::KEPT, kept);
    tera.register_filter(names::CAPTURED, captured);
    tera.register_filter("json", json);
    tera.register_filter("shell", shell);
    tera.register_filter("slug", slug);
    tera.register_filter("group_by", group_by);
}

/// Notes why the render stops; the kind makes Tera point at the expression, not at the filter.
pub(super) fn stop(failure: Failure) -> Error {
    session::with(|session| session.failure = Some(failure));
    Error::new(ErrorKind::InvalidArgument { expected_type: String::new(), actual_type: String::new() })
}

pub(super) fn stop_at_value(code: &'static str, message: &str, hint: &str) -> Error {
    stop(Failure { code, message: message.to_owned(), about_expression: true, hint: hint.to_owned() })
}

/// What `{{ }}` writes, with its stamp where the render is traced to its sources.
fn printed(value: &Value, arguments: Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let written = write(value)?;
    Ok(match arguments.get::<usize>("stamp")? {
        Some(number) => Value::safe_string(&format!("{written}{}", stamp(number))),
        None => written,
    })
}

/// Strings as tokens, numbers and booleans bare, nothing else.
fn write(value: &Value) -> TeraResult<Value> {
    if value.is_undefined() {
        return Err(stop_at_value(
            "undefined-value",
            "is not defined",
            "check the spelling, or give it a `| default(value=...)`",
        ));
    }
    if value.is_none() {
        return Err(stop_at_value(
            "null-value",
            "is null, which prints nothing",
            "test it with `{% if %}`, or give it a `| default(value=..., boolean=true)`",
        ));
    }
    if value.is_array() || value.is_map() || value.is_bytes() {
        let kind = if value.is_map() { "map" } else { "list" };
        let message = format!("is a {kind}, which has no text of its own");
        return Err(stop_at_value(
            "not-printable",
            &message,
            "print it with `| json`, or a list with `| join(sep=\",\")`",
        ));
    }
    match value.as_str() {
        // What a component, a block or `| json` wrote is in its final form.
        Some(_) if value.is_safe() => Ok(value.clone()),
        Some(text) => {
            let text = plain(text)?;
            check_control_characters(&text)?;
            Ok(Value::safe_string(&session::write(Insertion::Text(text))))
        }
        None => Ok(value.clone()),
    }
}

fn check_control_characters(text: &str) -> TeraResult<()> {
    let control = text.chars().find(|character| character.is_control());
    match control.filter(|_| session::with(|session| session.mode == Mode::Text)) {
        Some(character) => {
            let message = format!("holds the control character {character:?}");
            Err(stop_at_value(
                "control-character",
                &message,
                "in a text file a value must stay on its line: split it, or print it with `| json`",
            ))
        }
        None => Ok(()),
    }
}

/// Resolves tokens in a text that was printed into a variable.
fn plain(text: &str) -> TeraResult<String> {
    if !contains_token_characters(text) {
        return Ok(text.to_owned());
    }
    // A value has no place of its own: it stands where it is printed.
    let (text, _) = take_stamps(text);
    session::with(|session| session.insertions.join(&text)).ok_or_else(|| {
        stop_at_value(
            "broken-value",
            "holds a printed value that was cut or changed",
            "apply filters to the value, before it is printed",
        )
    })
}

/// What `{% set %}` keeps: no text with tokens, nothing that grows without bound.
fn kept(value: &Value, _: Kwargs, _: &State<'_>) -> TeraResult<Value> {
    budget::charge(budget::weight(value)?)?;
    let (limit, whole_json) = session::with(|session| {
        let text = value.as_str().map(|text| take_stamps(text).0);
        let whole = text.and_then(|text| session.insertions.whole(&text));
        (session.limits.value_size, matches!(whole, Some(Insertion::Json(_))))
    });
    if value.as_str().map_or_else(|| value.len(), |text| Some(text.len())).is_some_and(|size| size > limit) {
        let message = format!("has grown beyond {limit} bytes or items");
        return Err(stop_at_value("value-too-large", &message, "build less in one variable"));
    }
    match value.as_str() {
        Some(text) if contains_token_characters(text) && !whole_json => Ok(Value::from(plain(text)?)),
        _ => Ok(value.clone()),
    }
}

/// A captured text becomes a value like any other: filters see what was printed, and printing it
/// puts it in after parsing.
fn captured(text: &str, kwargs: Kwargs, state: &State<'_>) -> TeraResult<Value> {
    budget::charge(text.len() as u64)?;
    let plain = Value::from(plain(text)?);
    kept(&plain, kwargs, state)
}

fn json(value: &Value, _: Kwargs, _: &State<'_>) -> TeraResult<Value> {
    if value.is_undefined() {
        return Err(stop_at_value("undefined-value", "is not defined", "check the spelling"));
    }
    let value = match value.as_str() {
        Some(text) => Json::String(plain(text)?),
        None => serde_json::to_value(value).map_err(Error::message)?,
    };
    Ok(Value::safe_string(&session::write(Insertion::Json(value))))
}

/// Quotes for a POSIX shell: between single quotes everything is literal but the quote itself
/// (POSIX.1-2017, Shell Command Language, 2.2.2).
fn shell(value: &Value, _: Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let text = text_of(value)?;
    Ok(Value::from(format!("'{}'", text.replace('\'', "'\\''"))))
}

/// Lower-case ASCII letters and digits, everything else one hyphen.
fn slug(value: &Value, _: Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let text = text_of(value)?.to_lowercase();
    let words: Vec<_> = text.split(|character: char| !character.is_ascii_alphanumeric()).collect();
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    Ok(Value::from(words.join("-")))
}

fn text_of(value: &Value) -> TeraResult<String> {
    match value.as_str() {
        Some(text) => plain(text),
        None if value.is_number() || value.as_bool().is_some() => Ok(value.to_string()),
        None => {
            let message = format!("is {}, not a text", value.name());
            Err(stop_at_value("not-a-text", &message, "apply the filter to each text"))
        }
    }
}

/// Tera's `group_by` gives the groups in random order; this one sorts them by their key.
fn group_by(items: &[Value], kwargs: Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let attribute = kwargs.must_get::<&str>("attribute")?;
    let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        match item.get_from_path(attribute) {
            None => return Err(Error::message(format!("item {index} of the list has no `{attribute}`"))),
            Some(key) if key.is_none() => {}
            Some(key) => groups.entry(key.to_string()).or_default().push(item.clone()),
        }
    }
    let groups: tera::Map = groups.into_iter().map(|(key, items)| (key.into(), Value::from(items))).collect();
    Ok(Value::from(groups))
}

#[cfg(test)]
mod tests {
    use crate::model::canonical;

    #[test]
    fn json_text_of_tera_values_is_canonical() {
        let value = tera::Value::from_serializable(&serde_json::json!({"b": [1, 2.5, true], "a": null}));
        assert_eq!(canonical::text(&serde_json::to_value(value).unwrap()), r#"{"a":null,"b":[1,2.5,true]}"#);
    }
}
