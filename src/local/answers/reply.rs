//! What something outside CloudFormation says about one resource.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Why a text is no reply.
#[derive(Debug, thiserror::Error)]
#[error("it is no reply: {0}")]
pub struct ReplyError(#[from] serde_json::Error);

/// A reply. What it leaves out is as if all went well.
///
/// The names are those of a custom resource's response. Source: CloudFormation user guide, "Custom
/// resource response objects", "Wait condition signal".
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct Reply {
    /// Whether it goes well.
    pub status: Status,
    /// Why it does not.
    pub reason: Option<String>,
    /// What `Ref` gives.
    pub physical_resource_id: Option<String>,
    /// What `Fn::GetAtt` gives.
    pub data: BTreeMap<String, Value>,
    /// Signals for a wait condition or a creation policy. Left out: as many as are waited for.
    pub signals: Option<Vec<Signal>>,
    /// Seconds until the reply or the last signal comes. Left out: the measured mean.
    #[serde(deserialize_with = "seconds")]
    pub seconds: Option<f64>,
}

/// The longest anything may take to answer: a week. No wait of CloudFormation is longer than 12 hours.
const LONGEST: f64 = 604_800.0;

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(Option::<Seconds>::deserialize(deserializer)?.map(|seconds| seconds.0))
}

/// Judged while it is read: an error then has the place of the number.
struct Seconds(f64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_f64(SecondsVisitor)
    }
}

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = Seconds;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a number of seconds from 0 to {LONGEST}")
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Seconds, E> {
        match (0.0..=LONGEST).contains(&seconds) {
            true => Ok(Seconds(seconds)),
            false => Err(E::invalid_value(Unexpected::Float(seconds), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Seconds, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Seconds, E> {
        self.visit_f64(seconds as f64)
    }
}

/// Whether something went well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// It did.
    #[default]
    Success,
    /// It did not.
    #[serde(alias = "FAILURE")]
    Failed,
}

/// A signal.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct Signal {
    /// Whether it says that all is well.
    pub status: Status,
    /// Unique among the signals; left out, its number.
    pub unique_id: Option<String>,
    /// What it brings along.
    pub data: String,
    /// Why all is not well.
    pub reason: String,
}

impl Reply {
    /// What `Fn::GetAtt` gives of a wait condition: the data of every signal by its unique id.
    pub fn signal_data(&self) -> Value {
        let signals = self.signals.as_deref().unwrap_or_default();
        let entries = signals.iter().enumerate().map(|(index, signal)| {
            let id = signal.unique_id.clone().unwrap_or_else(|| (index + 1).to_string());
            (id, Value::String(signal.data.clone()))
        });
        Value::String(Value::Object(entries.collect()).to_string())
    }

    /// Reads a reply written as JSON.
    ///
    /// # Errors
    /// [`ReplyError`].
    pub fn parse(text: &str) -> Result<Self, ReplyError> {
        Ok(serde_json::from_str(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_finite_and_not_negative() {
        for (text, seconds) in
            [("0", Some(0.0)), ("1.5", Some(1.5)), ("null", None), ("604800", Some(LONGEST))]
        {
            assert_eq!(Reply::parse(&format!("{{\"Seconds\": {text}}}")).unwrap().seconds, seconds);
        }
        assert_eq!(Reply::parse("{}").unwrap().seconds, None);
        for text in ["1e300", "1e999", "-1", "604801", "NaN"] {
            let refused = Reply::parse(&format!("{{\n  \"Seconds\": {text}\n}}")).unwrap_err().to_string();
            assert!(refused.contains("at line 2 column"), "{refused}");
        }
    }
}
