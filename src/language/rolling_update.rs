//! What a rolling update of an Auto Scaling group costs in time, and what begins one.
//!
//! Source: CloudFormation template reference, "UpdatePolicy attribute".

use jiff::{SignedDuration, Span};
use serde_json::Value;

use crate::language::text_of;

/// The type whose instances an update replaces batch by batch.
const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";

/// Properties whose change replaces the instances of a group.
const CAUSES: [&str; 4] =
    ["LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy", "VPCZoneIdentifier"];

/// The pause after a batch that waits for signals, in seconds, where none is given.
const WAIT_FOR_SIGNALS: f64 = 300.0;

/// Seconds of an ISO 8601 duration such as `PT15M`.
pub fn iso_seconds(value: &Value) -> Option<f64> {
    let span: Span = value.as_str()?.parse().ok()?;
    SignedDuration::try_from(span).ok().map(|duration| duration.as_secs_f64())
}

/// Whether a change of these properties (`Properties.NAME` and below) makes a resource of this type
/// replace its instances.
pub fn replaces_instances(resource_type: &str, paths: &[String]) -> bool {
    let property =
        |path: &String| Some(path.strip_prefix("Properties.")?.split(['.', '[']).next()?.to_owned());
    resource_type == GROUP
        && paths.iter().filter_map(property).any(|property| CAUSES.contains(&property.as_str()))
}

/// Seconds that a rolling update pauses in all: after every batch. Signals end a pause early; how early
/// nobody can say, so the whole pause counts. A number that is not written out counts as one instance.
pub fn rolling_seconds(properties: &Value, update_policy: &Value) -> f64 {
    let Some(policy) = update_policy.get("AutoScalingRollingUpdate") else { return 0.0 };
    let number = |value: Option<&Value>| value.and_then(text_of)?.parse::<f64>().ok();
    let waits = policy.get("WaitOnResourceSignals").and_then(text_of).is_some_and(|text| text == "true");
    let pause = policy.get("PauseTime").and_then(iso_seconds);
    let pause = pause.unwrap_or(if waits { WAIT_FOR_SIGNALS } else { 0.0 });
    let instances = number(properties.get("DesiredCapacity")).or_else(|| number(properties.get("MinSize")));
    let batch = number(policy.get("MaxBatchSize")).unwrap_or(1.0).max(1.0);
    (instances.unwrap_or(1.0) / batch).ceil() * pause
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rolling_update_pauses_after_every_batch() {
        let properties = json!({"MinSize": "1", "DesiredCapacity": 5});
        let seconds = |policy: Value| rolling_seconds(&properties, &policy);
        assert_eq!(seconds(json!({})), 0.0);
        let rolling = json!({"MaxBatchSize": "2", "PauseTime": "PT10M"});
        assert_eq!(seconds(json!({"AutoScalingRollingUpdate": rolling})), 1800.0);
        assert_eq!(seconds(json!({"AutoScalingRollingUpdate": {"WaitOnResourceSignals": true}})), 1500.0);
    }

    #[test]
    fn a_number_that_is_not_known_counts_as_one() {
        let properties = json!({"MinSize": {"Ref": "Least"}});
        let policy = json!({"AutoScalingRollingUpdate": {"PauseTime": "PT1M"}});
        assert_eq!(rolling_seconds(&properties, &policy), 60.0);
    }

    #[test]
    fn only_what_instances_are_made_from_replaces_them() {
        let replaces = |resource_type, path: &str| replaces_instances(resource_type, &[path.to_owned()]);
        assert!(replaces(GROUP, "Properties.LaunchTemplate"));
        assert!(replaces(GROUP, "Properties.LaunchTemplate.Version"));
        assert!(replaces(GROUP, "Properties.VPCZoneIdentifier[0]"));
        assert!(!replaces(GROUP, "Properties.MaxSize"));
        assert!(!replaces(GROUP, "Metadata"));
        assert!(!replaces("AWS::SNS::Topic", "Properties.LaunchTemplate"));
    }
}
