//! Requests that ask for everything there is to ask for.

use std::collections::BTreeMap;

use rekindle::port::{CreateStack, StackBody, UpdateStack};

/// The account of every request.
pub const ACCOUNT: &str = "111122223333";
/// The stack they are about.
pub const STACK: &str = "arn:aws:cloudformation:eu-central-1:111122223333:stack/fieldbook-demo-data/5a1c";

/// Text pairs as a map.
pub fn pairs(items: &[(&str, &str)]) -> BTreeMap<String, String> {
    items.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Everything a stack can be made of.
pub fn body(template: &str) -> StackBody {
    StackBody {
        template: template.to_owned(),
        parameters: pairs(&[("Size", "small"), ("Text", "a+b c=d&e/ü")]),
        kept_parameters: std::collections::BTreeSet::new(),
        tags: pairs(&[("team", "platform")]),
        capabilities: vec!["CAPABILITY_NAMED_IAM".to_owned()],
        service_role: Some("arn:aws:iam::111122223333:role/deployer".to_owned()),
        notifications: vec!["arn:aws:sns:eu-central-1:111122223333:stacks".to_owned()],
    }
}

/// A request for a stack of this template.
pub fn create(template: &str) -> CreateStack {
    CreateStack {
        stack: "fieldbook-demo-data".parse().unwrap(),
        body: body(template),
        stack_policy: Some("{\"Statement\":[]}".to_owned()),
        termination_protection: true,
        timeout_minutes: Some(45),
        token: "run-1-data-create".to_owned(),
    }
}

/// A request to make it be this template.
pub fn update(template: &str) -> UpdateStack {
    UpdateStack {
        stack: STACK.to_owned(),
        body: body(template),
        reverts_drift: false,
        token: "run-1-data-update".to_owned(),
    }
}
