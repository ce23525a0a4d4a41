//! Secrets in plain text.

use serde_json::Value;

use crate::lint::path::Path;
use crate::lint::rules::{SECRET_IN_TEXT, SECRET_LIKE_TEXT};
use crate::lint::texts::entropy::is_random;
use crate::lint::texts::{Place, Texts, tokens};
use crate::lint::values::{is_boolean, text};

/// Keys, without marks between words and in small letters, whose value is a password.
const PASSWORDS: [&str; 7] = [
    "password",
    "masteruserpassword",
    "passphrase",
    "masterpassword",
    "dbpassword",
    "authtoken",
    "adminpassword",
];

/// Ends of keys whose value may be a secret.
const SECRETS: [&str; 8] =
    ["password", "passwd", "secret", "token", "apikey", "secretkey", "accesskey", "privatekey"];

impl Texts<'_, '_> {
    pub(super) fn secret(&mut self, text: &str, place: Place<'_>, path: &Path<'_>) {
        if let Some(what) = tokens::shape(text) {
            self.report.value(&SECRET_IN_TEXT, path, format!("this text holds {what}")).hint(
                "revoke it: it is in the history already; then let AWS resolve it, with \
                     `{{resolve:secretsmanager:...}}` (in a `.tera` file the function `resolve_secret`) or a `!secret` in the unit",
            );
            return;
        }
        let is_literal = !text.is_empty() && !text.contains("{{resolve:") && !text.contains("${");
        if !is_literal || place.in_reference || !matches!(place.section, "Resources") || !place.in_properties
        {
            return;
        }
        let key = plain(place.key);
        let what = if PASSWORDS.contains(&key.as_str()) && !path.passes("Ref") && !is_structure(path) {
            "a password"
        } else if SECRETS.iter().any(|end| key.ends_with(end)) && is_random(text) {
            "a secret"
        } else {
            return;
        };
        self.report
            .value(&SECRET_LIKE_TEXT, path, format!("`{}` holds {what} in plain text", place.key))
            .hint("let AWS resolve it: `{{resolve:secretsmanager:...}}` (in a `.tera` file the function `resolve_secret`), or a \
                 parameter with `NoEcho`");
    }

    /// A parameter that hides its value shows its default to whoever reads the template.
    pub(super) fn parameter(&mut self, declared: &Value, name: &str, path: &Path<'_>) {
        let is_hidden = declared.get("NoEcho").is_some_and(|value| {
            is_boolean(value) && text(value).is_some_and(|value| value.eq_ignore_ascii_case("true"))
        });
        let default = declared.get("Default").and_then(text).unwrap_or_default();
        if is_hidden && !default.is_empty() && !default.contains("{{resolve:") {
            self.report
                .value(
                    &SECRET_LIKE_TEXT,
                    &path.key("Default"),
                    format!("the default of `{name}` shows what `NoEcho` hides"),
                )
                .hint("take the default out");
        }
    }
}

/// Whether the value is an argument of a function, and not a text of its own.
fn is_structure(path: &Path<'_>) -> bool {
    path.passes("Fn::GetAtt")
        || path.passes("Fn::FindInMap")
        || path.passes("Fn::ImportValue")
        || path.is_condition_of_if()
}

/// `DB_PASSWORD` and `DbPassword` alike.
fn plain(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}
