//! The parts that the three requests with a template share.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudformation::types::{Capability, Parameter, Tag};

/// Puts a [`crate::port::StackBody`] and its [`crate::aws::artifact::SentTemplate`] into the
/// builder of CreateStack, UpdateStack or CreateChangeSet: three types with the same methods.
///
/// Lists are always sent, empty ones too: CloudFormation keeps what is left out, and an empty list
/// takes away what was there.
macro_rules! with_body {
    ($builder:expr, $body:expr, $sent:expr) => {
        $builder
            .set_template_body($sent.body)
            .set_template_url($sent.url)
            .set_parameters(Some($crate::aws::request::parameters(&$body.parameters, &$body.kept_parameters)))
            .set_tags(Some($crate::aws::request::tags(&$body.tags)))
            .set_capabilities(Some($crate::aws::request::capabilities(&$body.capabilities)))
            .set_role_arn($body.service_role.clone())
            .set_notification_arns(Some($body.notifications.clone()))
    };
}
pub(crate) use with_body;

/// Parameters by name, every one with its value, or with the word that it keeps the one it has.
pub fn parameters(values: &BTreeMap<String, String>, kept: &BTreeSet<String>) -> Vec<Parameter> {
    let given =
        values.iter().map(|(name, value)| Parameter::builder().parameter_key(name).parameter_value(value));
    let kept = kept.iter().map(|name| Parameter::builder().parameter_key(name).use_previous_value(true));
    given.chain(kept).map(|parameter| parameter.build()).collect()
}

/// Tags by key.
pub fn tags(values: &BTreeMap<String, String>) -> Vec<Tag> {
    values.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Capabilities by the API's own words.
pub fn capabilities(words: &[String]) -> Vec<Capability> {
    words.iter().map(|word| Capability::from(word.as_str())).collect()
}
