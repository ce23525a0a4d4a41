//! What a resource's policies make its creation and its update wait for.
//!
//! Sources: CloudFormation template reference, "CreationPolicy attribute", "UpdatePolicy attribute",
//! "AWS::CloudFormation::WaitCondition"; user guide, "Custom resources".

use serde_json::Value;

use crate::language::rolling_update::{iso_seconds, rolling_seconds};
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
        let seconds = signal.get("Timeout").and_then(iso_seconds).unwrap_or(300.0);
        return Some(Signals { count: whole(signal.get("Count")), seconds });
    }
    (resource_type == WAIT_CONDITION).then(|| Signals {
        count: whole(properties.get("Count")),
        seconds: number(properties.get("Timeout")).unwrap_or(300.0),
    })
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
