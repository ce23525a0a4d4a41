//! The forms that texts have which name something: ids, ARNs, dates, JSON.
//!
//! Sources: the services' API references for ids and names; "Amazon Resource Names (ARNs)" in the
//! IAM user guide; RFC 3339 for times.

use crate::lint::path::Path;

/// Checks a text against a format; the error ends a sentence that says what the text is not.
/// Formats that are not known are let pass.
pub(super) fn check(format: &str, text: &str, path: &Path<'_>) -> Result<(), &'static str> {
    let (fits, what) = match format {
        "AWS::EC2::SecurityGroup.Id" => (is_id(text, "sg-"), "the id of a security group (`sg-...`)"),
        "AWS::EC2::Subnet.Id" => (is_id(text, "subnet-"), "the id of a subnet (`subnet-...`)"),
        "AWS::EC2::VPC.Id" => (is_id(text, "vpc-"), "the id of a VPC (`vpc-...`)"),
        "AWS::EC2::Image.Id" => {
            // Launch templates look images up in Parameter Store by themselves.
            let is_lookup = text.starts_with("resolve:ssm") && path.passes("LaunchTemplateData");
            (is_lookup || is_lower_id(text, "ami-"), "the id of an image (`ami-...`)")
        }
        "AWS::EC2::SecurityGroup.Name" => {
            (!text.is_empty() && text.chars().all(is_group_letter), "a name of a security group")
        }
        "AWS::IAM::Role.Arn" => (is_arn(text, "iam", Account::Only, &["role/"]), "the ARN of a role"),
        "AWS::KMS::Key.Arn" => (is_arn(text, "kms", Account::Both, &["key/", "alias/"]), "the ARN of a key"),
        "AWS::KMS::Key.Id" => (is_key_id(text), "the id of a key"),
        "AWS::KMS::Alias.AliasName" => {
            let is_alias = text.strip_prefix("alias/").is_some_and(|name| is_made_of(name, ":/_-"));
            (is_alias, "an alias of a key (`alias/...`)")
        }
        "AWS::Lambda::Function.Arn" => {
            (is_arn(text, "lambda", Account::Both, &["function:"]), "the ARN of a function")
        }
        "AWS::SNS::Topic.Arn" => (is_arn(text, "sns", Account::Both, &[""]), "the ARN of a topic"),
        "AWS::ACM::Certificate.Arn" => {
            (is_arn(text, "acm", Account::Both, &["certificate/"]), "the ARN of a certificate")
        }
        "AWS::Logs::LogGroup.Name" => {
            (text.len() <= 512 && is_made_of(text, "._/#-"), "a name of a log group")
        }
        "AWS::S3::Bucket.Name" => (is_bucket(text) || text.is_empty(), "a name of a bucket"),
        "ipv4-network" => {
            (is_network(text, |network| matches!(network, ipnet::IpNet::V4(_))), "a block of IPv4 addresses")
        }
        "ipv6-network" => {
            (is_network(text, |network| matches!(network, ipnet::IpNet::V6(_))), "a block of IPv6 addresses")
        }
        "ipv4" => (text.parse::<std::net::Ipv4Addr>().is_ok(), "an IPv4 address"),
        "ipv6" => (text.parse::<std::net::Ipv6Addr>().is_ok(), "an IPv6 address"),
        "date-time" => (is_time(text), "a time (`2026-01-31T12:00:00Z`)"),
        "json" => (serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(), "JSON"),
        _ => return Ok(()),
    };
    if fits { Ok(()) } else { Err(what) }
}

fn is_made_of(text: &str, also: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || also.contains(letter))
}

fn is_group_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter)
}

/// A prefix and 8 or 17 hexadecimal digits.
fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|id| matches!(id.len(), 8 | 17) && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Ids in examples have letters beyond `f`, and nobody is helped by an alarm there.
fn is_lower_id(text: &str, prefix: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    text.strip_prefix(prefix).is_some_and(|id| matches!(id.len(), 8 | 17) && id.bytes().all(is_letter))
}

/// Which parts between service and resource are there.
#[derive(Clone, Copy, PartialEq)]
enum Account {
    /// No region: `arn:aws:iam::111122223333:`.
    Only,
    /// Region and account.
    Both,
}

fn is_arn(text: &str, service: &str, account: Account, resources: &[&str]) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let &[arn, partition, its_service, region, number, resource] = parts.as_slice() else { return false };
    let has_region = match account {
        Account::Only => region.is_empty(),
        Account::Both => is_made_of(region, "-"),
    };
    let is_named = |prefix: &&str| resource.strip_prefix(*prefix).is_some_and(|name| !name.is_empty());
    arn == "arn"
        && partition.starts_with("aws")
        && its_service == service
        && has_region
        && number.len() == 12
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && resources.iter().any(is_named)
}

fn is_key_id(text: &str) -> bool {
    let is_hexadecimal =
        |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let groups: Vec<&str> = text.split('-').collect();
    let is_uuid = groups.len() == 5
        && groups.iter().zip([8, 4, 4, 4, 12]).all(|(group, length)| is_hexadecimal(group, length));
    is_uuid
        || text.strip_prefix("mrk-").is_some_and(|id| is_hexadecimal(id, 32))
        || text.strip_prefix("alias/").is_some_and(|name| is_made_of(name, "/_-"))
}

fn is_bucket(text: &str) -> bool {
    let is_letter =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-".contains(letter);
    (3..=63).contains(&text.len())
        && text.chars().all(is_letter)
        && !text.starts_with(['.', '-'])
        && !text.ends_with(['.', '-'])
        && !["..", "-.", ".-"].iter().any(|wrong| text.contains(wrong))
}

fn is_network(text: &str, is_wanted: fn(&ipnet::IpNet) -> bool) -> bool {
    text.parse::<ipnet::IpNet>().is_ok_and(|network| is_wanted(&network))
}

/// RFC 3339, and a time without its offset, which services read as UTC.
fn is_time(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_take_what_services_take() {
        for (format, good, bad) in [
            ("AWS::EC2::VPC.Id", "vpc-0123456789abcdef0", "vpc-0123"),
            ("AWS::EC2::Image.Id", "ami-0123456789abcdef0", "image"),
            (
                "AWS::IAM::Role.Arn",
                "arn:aws-cn:iam::111122223333:role/a/b",
                "arn:aws:iam::111122223333:user/a",
            ),
            (
                "AWS::KMS::Key.Arn",
                "arn:aws:kms:eu-west-1:111122223333:key/1",
                "arn:aws:kms::111122223333:key/1",
            ),
            ("AWS::KMS::Key.Id", "12345678-1234-1234-1234-123456789012", "1234"),
            ("AWS::KMS::Alias.AliasName", "alias/aws/s3", "aws/s3"),
            ("AWS::Lambda::Function.Arn", "arn:aws:lambda:eu-west-1:111122223333:function:f", "f"),
            (
                "AWS::SNS::Topic.Arn",
                "arn:aws:sns:eu-west-1:111122223333:t",
                "arn:aws:sqs:eu-west-1:111122223333:t",
            ),
            ("AWS::S3::Bucket.Name", "a.b-c", "A_b"),
            ("AWS::S3::Bucket.Name", "abc", "a..b"),
            ("AWS::Logs::LogGroup.Name", "/aws/lambda/f", "a b"),
            ("ipv4-network", "10.0.0.0/8", "10.0.0.0/40"),
            ("date-time", "2026-01-31T12:00:00Z", "yesterday"),
            ("json", "{\"a\": 1}", "{a"),
        ] {
            assert!(check(format, good, &Path::ROOT).is_ok(), "{format} {good}");
            assert!(check(format, bad, &Path::ROOT).is_err(), "{format} {bad}");
        }
        assert!(check("something new", "x", &Path::ROOT).is_ok());
    }
}
