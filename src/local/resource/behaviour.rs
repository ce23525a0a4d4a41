//! What a resource's policies make its creation and its update wait for.
//!
//! Sources: CloudFormation template reference, "CreationPolicy attribute", "UpdatePolicy attribute",
//! "AWS::CloudFormation::WaitCondition"; user guide, "Custom resources".

use jiff::{SignedDuration, Span};
use serde_json::Value;

use crate::local::template::text_of;

/// The type of a wait condition.
pub const WAIT_CONDITION: &str = "AWS::CloudFormation::WaitCondition";

/// The longest time a custom resource may take, in seconds, unless it says less.
const CUSTOM_SECONDS: f64 = 3_600.0;

/// What a resource waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Behaviour {
    /// Signals that its creation waits for.
    pub signals: Option<Signals>,
    /// Seconds that an update which replaces instances pauses in all.
    pub rolling_seconds: f64,
    /// Whether such an update replaces the whole group.
    pub replaces_group: bool,
}

/// Signals that are waited for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signals {
    /// How many.
    pub count: usize,
    /// For how long, in seconds.
    pub seconds: f64,
}

/// Whether a type's answers come from code of its users.
pub fn is_custom(resource_type: &str) -> bool {
    resource_type.starts_with("Custom::") || resource_type == "AWS::CloudFormation::CustomResource"
}

/// How long a custom resource is waited for, in seconds.
pub fn custom_seconds(properties: &Value) -> f64 {
    let given = properties.get("ServiceTimeout").and_then(text_of).and_then(|text| text.parse().ok());
    given.unwrap_or(CUSTOM_SECONDS)
}

impl Behaviour {
    /// What these evaluated policies ask for.
    pub fn of(resource_type: &str, properties: &Value, creation: &Value, update: &Value) -> Self {
        let group = update.get("AutoScalingReplacingUpdate").and_then(|policy| policy.get("WillReplace"));
        Self {
            signals: signals(resource_type, properties, creation),
            rolling_seconds: rolling_seconds(properties, update),
            replaces_group: group.and_then(text_of).is_some_and(|text| text == "true"),
        }
    }
}

fn signals(resource_type: &str, properties: &Value, creation: &Value) -> Option<Signals> {
    let number = |value: Option<&Value>| value.and_then(text_of).and_then(|text| text.parse::<f64>().ok());
    let whole = |value: Option<&Value>| number(value).map_or(1, |count| count.max(0.0) as usize);
    if let Some(signal) = creation.get("ResourceSignal") {
        let seconds = signal.get("Timeout").and_then(duration).unwrap_or(300.0);
        return Some(Signals { count: whole(signal.get("Count")), seconds });
    }
    (resource_type == WAIT_CONDITION).then(|| Signals {
        count: whole(properties.get("Count")),
        seconds: number(properties.get("Timeout")).unwrap_or(300.0),
    })
}

/// A rolling update pauses after every batch.
fn rolling_seconds(properties: &Value, update: &Value) -> f64 {
    let Some(policy) = update.get("AutoScalingRollingUpdate") else { return 0.0 };
    let number = |value: Option<&Value>, otherwise: f64| {
        value.and_then(text_of).and_then(|text| text.parse::<f64>().ok()).unwrap_or(otherwise)
    };
    let waits = policy.get("WaitOnResourceSignals").and_then(text_of).is_some_and(|text| text == "true");
    // Signals end a pause early; how early nobody can say, so the whole pause counts.
    let otherwise = if waits { 300.0 } else { 0.0 };
    let pause = policy.get("PauseTime").and_then(duration).unwrap_or(otherwise);
    let least = number(properties.get("MinSize"), 0.0);
    let instances = number(properties.get("DesiredCapacity"), least);
    let batch = number(policy.get("MaxBatchSize"), 1.0).max(1.0);
    (instances / batch).ceil() * pause
}

/// Seconds of an ISO 8601 duration such as `PT15M`.
fn duration(value: &Value) -> Option<f64> {
    let span: Span = value.as_str()?.parse().ok()?;
    SignedDuration::try_from(span).ok().map(|duration| duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn policies_are_read() {
        let none = Value::Null;
        let wait = Behaviour::of(WAIT_CONDITION, &json!({"Count": "2", "Timeout": "600"}), &none, &none);
        assert_eq!(wait.signals, Some(Signals { count: 2, seconds: 600.0 }));
        let instance = json!({"ResourceSignal": {"Count": 3, "Timeout": "PT1H30M"}});
        let instance = Behaviour::of("AWS::EC2::Instance", &json!({}), &instance, &none);
        assert_eq!(instance.signals, Some(Signals { count: 3, seconds: 5400.0 }));
        let default = Behaviour::of("AWS::EC2::Instance", &json!({}), &json!({"ResourceSignal": {}}), &none);
        assert_eq!(default.signals, Some(Signals { count: 1, seconds: 300.0 }));
        let group = json!({"MinSize": "1", "MaxSize": "9", "DesiredCapacity": "5"});
        let rolling = json!({"AutoScalingRollingUpdate": {"MaxBatchSize": "2", "PauseTime": "PT10M"}});
        assert_eq!(
            Behaviour::of("AWS::AutoScaling::AutoScalingGroup", &group, &none, &rolling).rolling_seconds,
            1800.0
        );
        let replacing = json!({"AutoScalingReplacingUpdate": {"WillReplace": true}});
        assert!(
            Behaviour::of("AWS::AutoScaling::AutoScalingGroup", &group, &none, &replacing).replaces_group
        );
    }
}
