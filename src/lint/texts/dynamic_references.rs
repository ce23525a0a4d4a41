//! `{{resolve:SERVICE:...}}`: the form, the place, and whether it is pinned.
//!
//! Source: AWS CloudFormation user guide, "Get values stored in other services using dynamic
//! references".

use crate::language::dynamic_references::{parts, references};
use crate::lint::path::Path;
use crate::lint::report::shown;
use crate::lint::rules::{DYNAMIC_REFERENCE, UNPINNED_LOOKUP};
use crate::lint::texts::{Place, Texts};

/// Where `ssm-secure` is resolved: type and the property's key.
/// Source: the same, "Resources that support dynamic parameter patterns for secure strings".
const SECURE: [(&str, &str); 11] = [
    ("AWS::DirectoryService::MicrosoftAD", "Password"),
    ("AWS::DirectoryService::SimpleAD", "Password"),
    ("AWS::ElastiCache::ReplicationGroup", "AuthToken"),
    ("AWS::IAM::User", "Password"),
    ("AWS::KinesisFirehose::DeliveryStream", "Password"),
    ("AWS::OpsWorks::App", "Password"),
    ("AWS::OpsWorks::Stack", "DbPassword"),
    ("AWS::OpsWorks::Stack", "Password"),
    ("AWS::RDS::DBCluster", "MasterUserPassword"),
    ("AWS::RDS::DBInstance", "MasterUserPassword"),
    ("AWS::Redshift::Cluster", "MasterUserPassword"),
];

/// `secretsmanager:ID:SecretString:KEY:STAGE:VERSION`; an ARN as the id has seven parts of its own.
const SECRET_PARTS: usize = 7;
const SECRET_ARN_PARTS: usize = 13;

impl Texts<'_, '_> {
    pub(super) fn dynamic_references(&mut self, text: &str, place: Place<'_>, path: &Path<'_>) {
        for reference in references(text) {
            let problem = form(reference).or_else(|| misplaced(reference, place));
            if let Some(problem) = problem {
                let message = format!("`{{{{{}}}}}` {problem}", shown(reference));
                self.report.value(&DYNAMIC_REFERENCE, path, message);
                continue;
            }
            if is_unpinned(reference) {
                let message = format!("`{{{{{}}}}}` names no version", shown(reference));
                self.report.value(&UNPINNED_LOOKUP, path, message).hint(
                    "write the version, as in `{{resolve:ssm:NAME:3}}`: without it the same source deploys \
                     differently tomorrow",
                );
            }
        }
    }
}

/// What is wrong with the form, as the rest of a sentence.
fn form(reference: &str) -> Option<String> {
    let parts: Vec<&str> = parts(reference);
    let service = parts.get(1).copied().unwrap_or_default();
    let name = parts.get(2).copied().unwrap_or_default();
    if service.contains("${") {
        return None;
    }
    match service {
        "ssm" | "ssm-secure" => match parts.get(3) {
            _ if name.is_empty() => Some("names no entry".to_owned()),
            _ if parts.len() > 4 => Some("has more parts than NAME:VERSION".to_owned()),
            Some(version)
                if !version.contains("${") && !version.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                Some(format!("has the version `{version}`, which is no number"))
            }
            Some(&"") => Some("has an empty version".to_owned()),
            _ => None,
        },
        "secretsmanager" => {
            let (most, kind) = if name == "arn" { (SECRET_ARN_PARTS, 9) } else { (SECRET_PARTS, 3) };
            match parts.get(kind) {
                _ if name.is_empty() => Some("names no secret".to_owned()),
                _ if parts.len() > most => Some("has too many parts".to_owned()),
                Some(kind) if !["SecretString", ""].contains(kind) && !kind.contains("${") => {
                    Some(format!("asks for `{kind}`; only `SecretString` is there"))
                }
                _ => None,
            }
        }
        other => Some(format!("asks the service `{other}`; there are ssm, ssm-secure and secretsmanager")),
    }
}

fn misplaced(reference: &str, place: Place<'_>) -> Option<String> {
    let in_properties = place.in_properties;
    if reference.starts_with("resolve:secretsmanager:") {
        // As the default of a parameter it arrives in properties.
        let is_fine = in_properties || place.section == "Parameters";
        return (!is_fine).then(|| {
            "stands outside of the properties of a resource, where no secret is resolved".to_owned()
        });
    }
    if reference.starts_with("resolve:ssm-secure:") {
        let is_fine = in_properties && SECURE.contains(&(place.resource_type, place.key));
        return (!is_fine).then(|| "is resolved in a few properties for passwords only".to_owned());
    }
    let is_known =
        in_properties || matches!(place.section, "Parameters" | "Outputs" | "Resources" | "Conditions");
    (!is_known).then(|| "stands where none is resolved".to_owned())
}

/// Parameter Store gives its newest value when no version is named.
fn is_unpinned(reference: &str) -> bool {
    let parts = parts(reference);
    matches!(parts.get(1), Some(&("ssm" | "ssm-secure"))) && parts.len() < 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_those_of_the_guide() {
        for (reference, fine) in [
            ("resolve:ssm:/a/b:3", true),
            ("resolve:ssm:/a/b", true),
            ("resolve:ssm:/a/b:latest", false),
            ("resolve:ssm:/a/b:3:4", false),
            ("resolve:ssm:", false),
            ("resolve:ssm-secure:x:1", true),
            ("resolve:secretsmanager:db:SecretString:password", true),
            ("resolve:secretsmanager:db:SecretString:password::EXAMPLE", true),
            ("resolve:secretsmanager:db:SecretBinary", false),
            (
                "resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:123456789012:secret:db-x:SecretString:p",
                true,
            ),
            ("resolve:secretsmanager:${Secret}:SecretString:p", true),
            ("resolve:vault:x", false),
        ] {
            assert_eq!(form(reference).is_none(), fine, "{reference}: {:?}", form(reference));
        }
    }

    #[test]
    fn only_parameter_store_is_pinned_by_a_number() {
        assert!(is_unpinned("resolve:ssm:/${AWS::Region}/a"));
        assert!(!is_unpinned("resolve:ssm:/a:${Version}"));
        assert!(!is_unpinned("resolve:secretsmanager:a"));
    }
}
