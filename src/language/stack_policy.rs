//! Stack policies: which updates of which resources they allow.
//!
//! Source: CloudFormation user guide, "Prevent updates to stack resources". Pure.

use serde::Deserialize;
use serde_json::Value;

/// What an update does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyAction {
    /// It changes in place.
    Modify,
    /// Another physical resource takes its place.
    Replace,
    /// It leaves the stack.
    Delete,
}

impl PolicyAction {
    fn as_str(self) -> &'static str {
        match self {
            Self::Modify => "Update:Modify",
            Self::Replace => "Update:Replace",
            Self::Delete => "Update:Delete",
        }
    }
}

/// Why a text is no stack policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not JSON, or not of a policy's form.
    #[error("the stack policy is not well-formed: {0}")]
    Form(#[from] serde_json::Error),
    /// Something that has no meaning in a stack policy.
    #[error("statement {0} of the stack policy {1}")]
    Statement(usize, &'static str),
}

/// A stack policy. Where there is one, what no statement allows is denied.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StackPolicy {
    #[serde(default)]
    statement: Vec<Statement>,
    #[serde(rename = "Version")]
    _version: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    effect: Effect,
    action: Option<OneOrMany>,
    not_action: Option<OneOrMany>,
    principal: Option<Value>,
    resource: Option<OneOrMany>,
    not_resource: Option<OneOrMany>,
    condition: Option<Condition>,
    #[serde(rename = "Sid")]
    _sid: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn any(&self, matches: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::One(text) => matches(text),
            Self::Many(texts) => texts.iter().any(|text| matches(text)),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    #[serde(rename = "StringEquals")]
    equals: Option<ResourceType>,
    #[serde(rename = "StringLike")]
    like: Option<ResourceType>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceType {
    #[serde(rename = "ResourceType")]
    resource_type: OneOrMany,
}

impl StackPolicy {
    /// Reads and checks a policy.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = serde_json::from_str(text)?;
        for (number, statement) in (1..).zip(&policy.statement) {
            statement.check().map_err(|problem| PolicyError::Statement(number, problem))?;
        }
        Ok(policy)
    }

    /// Why an action on a resource is denied; `None` when it is allowed.
    pub fn refusal(&self, action: PolicyAction, logical_id: &str, resource_type: &str) -> Option<String> {
        let of = |effect| {
            let hits = |statement: &Statement| {
                statement.effect == effect && statement.covers(action, logical_id, resource_type)
            };
            self.statement.iter().position(hits)
        };
        let denied = format!("[{}] for resource [LogicalResourceId/{logical_id}]", action.as_str());
        match (of(Effect::Deny), of(Effect::Allow)) {
            (Some(index), _) => {
                let number = index + 1;
                Some(format!("Action denied by stack policy: Statement [#{number}] does not allow {denied}"))
            }
            (None, None) => Some(format!("Action denied by stack policy: no statement allows {denied}")),
            (None, Some(_)) => None,
        }
    }
}

impl Statement {
    fn check(&self) -> Result<(), &'static str> {
        let is_everybody = match &self.principal {
            Some(Value::String(text)) => text == "*",
            Some(Value::Object(map)) => map.len() == 1 && map.get("AWS").is_some_and(|value| value == "*"),
            _ => false,
        };
        let knows = |actions: &OneOrMany| {
            !actions.any(|action| {
                !matches!(action, "Update:*" | "*" | "Update:Modify" | "Update:Replace" | "Update:Delete")
            })
        };
        if !is_everybody {
            Err("must have the principal \"*\"")
        } else if self.action.is_some() == self.not_action.is_some() {
            Err("must have either Action or NotAction")
        } else if !self.action.iter().chain(&self.not_action).all(knows) {
            Err("has an action that is none of Update:Modify, Update:Replace, Update:Delete and Update:*")
        } else if self.resource.is_some() == self.not_resource.is_some() {
            Err("must have either Resource or NotResource")
        } else {
            Ok(())
        }
    }

    fn covers(&self, action: PolicyAction, logical_id: &str, resource_type: &str) -> bool {
        let object = format!("LogicalResourceId/{logical_id}");
        let acts = |pattern: &str| is_like(pattern, action.as_str());
        let names = |pattern: &str| is_like(pattern, &object);
        either(self.action.as_ref(), self.not_action.as_ref(), acts)
            && either(self.resource.as_ref(), self.not_resource.as_ref(), names)
            && self.condition.as_ref().is_none_or(|condition| condition.holds(resource_type))
    }
}

fn either(
    these: Option<&OneOrMany>,
    all_but: Option<&OneOrMany>,
    matches: impl Fn(&str) -> bool + Copy,
) -> bool {
    these.is_some_and(|these| these.any(matches)) || all_but.is_some_and(|these| !these.any(matches))
}

impl Condition {
    fn holds(&self, resource_type: &str) -> bool {
        let equals = |it: &ResourceType| it.resource_type.any(|text| text == resource_type);
        let like = |it: &ResourceType| it.resource_type.any(|text| is_like(text, resource_type));
        self.equals.as_ref().is_none_or(equals) && self.like.as_ref().is_none_or(like)
    }
}

/// Whether `text` matches a pattern in which `*` stands for anything.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASE: &str = "AWS::RDS::DBInstance";

    fn allowed(policy: &str, action: PolicyAction, logical_id: &str, resource_type: &str) -> bool {
        StackPolicy::parse(policy).unwrap().refusal(action, logical_id, resource_type).is_none()
    }

    #[test]
    fn patterns() {
        for (pattern, text, like) in [
            ("*", "", true),
            ("a*", "abc", true),
            ("a*c", "abc", true),
            ("a*b*c", "axbyc", true),
            ("a*b*c", "axyc", false),
            ("a*a", "a", false),
            ("abc", "abcd", false),
        ] {
            assert_eq!(is_like(pattern, text), like, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_not_allowed_is_denied_and_a_denial_wins() {
        use PolicyAction::{Delete, Modify, Replace};
        assert!(!allowed(r#"{"Statement": []}"#, Modify, "Any", DATABASE));
        let all_but = r#"{"Statement": [
            {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*",
             "Resource": "LogicalResourceId/Data*"}]}"#;
        assert!(allowed(all_but, Modify, "Database", DATABASE));
        assert!(!allowed(all_but, Replace, "Database", DATABASE));
        assert!(!allowed(all_but, Delete, "Database", DATABASE));
        assert!(allowed(all_but, Replace, "Queue", "AWS::SQS::Queue"));
        let by_type = r#"{"Statement": [{"Effect": "Allow", "NotAction": "Update:Delete", "Principal": {"AWS": "*"},
            "NotResource": "LogicalResourceId/Kept", "Condition": {"StringLike": {"ResourceType": ["AWS::EC2::*"]}}}]}"#;
        assert!(allowed(by_type, Modify, "Vpc", "AWS::EC2::VPC"));
        assert!(!allowed(by_type, Delete, "Vpc", "AWS::EC2::VPC"));
        assert!(!allowed(by_type, Modify, "Kept", "AWS::EC2::VPC"));
        assert!(!allowed(by_type, Modify, "Database", DATABASE));
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for policy in [
            "no json",
            "[]",
            r#"{"Statement": [{"Effect": "Maybe", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}"#,
            r#"{"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "me", "Resource": "*"}]}"#,
            r#"{"Statement": [{"Effect": "Allow", "Action": "Update:*", "Resource": "*"}]}"#,
            r#"{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Principal": "*", "Resource": "*"}]}"#,
            r#"{"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*"}]}"#,
        ] {
            assert!(StackPolicy::parse(policy).is_err(), "{policy}");
        }
    }
}
