//! What to do about a resource that a deletion left behind.

use std::sync::LazyLock;

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

static AFTERWARDS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    include_str!("afterwards.csv").lines().skip(1).filter_map(|it| it.split_once('|')).collect()
});

/// What is to be known of a resource of this type that was deleted: what comes back, or stays for a while.
pub fn afterwards(resource_type: &str, physical_id: &str, region: &str) -> Option<String> {
    let (_, advice) = AFTERWARDS.iter().find(|(known, _)| *known == resource_type)?;
    let quoted = physical_id.replace('\'', r"'\''");
    Some(advice.replace("{region}", region).replace("{id}", &format!("'{quoted}'")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_known_by_its_type() {
        assert_eq!(AFTERWARDS.len(), include_str!("afterwards.csv").lines().count() - 1);
        assert!(AFTERWARDS.iter().all(|(known, _)| catalogue::is_known(known)));
        let told = afterwards("AWS::Lambda::Function", "it's", "eu-central-1").unwrap();
        assert!(told.contains(r"--region eu-central-1 --log-group-name /aws/lambda/'it'\''s'"), "{told}");
        assert_eq!(afterwards("AWS::SQS::Queue", "q", "eu-central-1"), None);
    }

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
