//! What to do about a resource that a deletion left behind.

use crate::catalogue;

/// How a person deletes a resource that no stack has any more, as one sentence. `region` is that of its
/// stack.
///
/// Source: AWS CLI reference, `cloudcontrol delete-resource`. It takes the identifier that AWS
/// publishes for the type; where that has several parts a physical id is not enough.
pub fn deletion(resource_type: &str, physical_id: Option<&str>, region: &str) -> String {
    let known = catalogue::resource_type(resource_type);
    let is_single = known.is_some_and(|known| known.primary_identifier.len() == 1);
    match physical_id.filter(|_| is_single) {
        Some(id) => format!(
            "if it is not wanted, `aws cloudcontrol delete-resource --region {region} --type-name {resource_type} \
             --identifier '{}'` deletes it",
            id.replace('\'', r"'\''")
        ),
        None => "if it is not wanted, delete it in its service's console".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_given_where_the_physical_id_is_enough() {
        let bucket = deletion("AWS::S3::Bucket", Some("it's"), "eu-central-1");
        assert!(bucket.contains(r"--type-name AWS::S3::Bucket --identifier 'it'\''s'`"), "{bucket}");
        let method = deletion("AWS::ApiGateway::Method", Some("method"), "eu-central-1");
        assert!(!method.contains("aws"), "{method}");
        assert!(!deletion("Custom::Thing", Some("id"), "eu-central-1").contains("aws"));
        assert!(!deletion("AWS::S3::Bucket", None, "eu-central-1").contains("aws"));
    }
}
