//! Types whose resources AWS Backup copies, with the form of their ARNs.
//!
//! Sources: *AWS Backup developer guide, Supported AWS resources*, and for the form *Service Authorization
//! Reference*, "Resource types" of each service. `{id}` is the physical id.

use std::collections::BTreeMap;
use std::sync::LazyLock;

static TABLE: LazyLock<BTreeMap<&'static str, &'static str>> = LazyLock::new(|| {
    include_str!("backed_up.csv").lines().skip(1).filter_map(|line| line.split_once(',')).collect()
});

/// The ARN by which AWS Backup knows a resource of a stack; `None` where it copies none of that type.
/// `stack` is the stack's ARN: the resource is in the same place.
pub fn backed_up_arn(resource_type: &str, physical_id: &str, stack: &str) -> Option<String> {
    let form = TABLE.get(resource_type)?;
    let mut place = stack.split(':').skip(1);
    let (partition, _, region, account) = (place.next()?, place.next()?, place.next()?, place.next()?);
    let values =
        [("{partition}", partition), ("{region}", region), ("{account}", account), ("{id}", physical_id)];
    Some(values.iter().fold((*form).to_owned(), |arn, (name, value)| arn.replace(name, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::holds;

    #[test]
    fn every_type_holds_something_and_its_arn_is_filled_in() {
        let stack = "arn:aws-cn:cloudformation:cn-north-1:111122223333:stack/a/1";
        for name in TABLE.keys() {
            assert!(holds(name).is_some(), "{name}");
            let arn = backed_up_arn(name, "mine", stack).unwrap();
            assert!(arn.starts_with("arn:aws-cn:") && arn.ends_with("mine") && !arn.contains('{'), "{arn}");
        }
        assert_eq!(
            backed_up_arn("AWS::DynamoDB::Table", "mine", stack).as_deref(),
            Some("arn:aws-cn:dynamodb:cn-north-1:111122223333:table/mine")
        );
        assert_eq!(backed_up_arn("AWS::SQS::Queue", "mine", stack), None);
    }
}
