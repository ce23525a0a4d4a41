//! What something outside CloudFormation says about one resource.

use std::collections::BTreeMap;

use serde::Deserialize;
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
    pub seconds: Option<f64>,
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
