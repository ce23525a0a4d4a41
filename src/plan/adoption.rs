//! What of a unit can be taken in when its stack is made, because it exists already and no stack has it.
//!
//! Source: CloudFormation user guide, "Import AWS resources into a CloudFormation stack automatically": the
//! template gives the name itself, without functions; the name is the type's whole identifier; the
//! resource would be retained.

use serde_json::{Map, Value};

use crate::catalogue;
use crate::plan::Reason;

/// What may be taken in, one reason each.
pub(super) fn adoptable(template: &Value) -> Vec<Reason> {
    let resources = template.get("Resources").and_then(Value::as_object);
    let found = resources.into_iter().flat_map(Map::iter).filter_map(|(id, resource)| {
        let name = name(resource)?.to_owned();
        Some(Reason::Adopts { resource: id.clone(), name })
    });
    found.collect()
}

/// The name under which a resource can be taken in.
pub(super) fn name(resource: &Value) -> Option<&str> {
    let policy = resource.get("DeletionPolicy").and_then(Value::as_str);
    if !matches!(policy, Some("Retain" | "RetainExceptOnCreate")) {
        return None;
    }
    let known = catalogue::resource_type(resource.get("Type")?.as_str()?)?;
    let [path] = &known.primary_identifier[..] else { return None };
    let [property] = &path.0[..] else { return None };
    let is_given = !known.read_only.contains(path);
    resource.get("Properties")?.get(property)?.as_str().filter(|_| is_given)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_a_name_of_its_own_and_is_retained_can_be_taken_in() {
        let bucket = |policy: &str, name: Value| json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": policy, "Properties": {"BucketName": name}});
        let found = adoptable(&json!({"Resources": {
            "Kept": bucket("Retain", json!("logs")),
            "KeptOnceMade": bucket("RetainExceptOnCreate", json!("uploads")),
            "Deleted": bucket("Delete", json!("other")),
            "Computed": bucket("Retain", json!({"Ref": "Name"})),
            "Unnamed": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"},
            "Topic": {"Type": "AWS::SNS::Topic", "DeletionPolicy": "Retain", "Properties": {"TopicName": "t"}},
        }}));
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "takes in `Kept` if `logs` exists already",
                "takes in `KeptOnceMade` if `uploads` exists already"
            ]
        );
    }
}
