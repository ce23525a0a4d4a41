//! Client tokens: the same step of the same run always sends the same one, so that asking again is
//! safe, and finds its own events by it.

use serde_json::json;

use crate::model::{Digest, InstanceName};

/// The token of one step on one instance. Fits CloudFormation's rule for tokens and change-set
/// names: `[a-zA-Z][-a-zA-Z0-9]*`, at most 128 characters.
pub(super) fn token(run: &str, instance: &InstanceName, step: &str, attempt: u32) -> String {
    let parts = json!([run, instance, step, attempt]);
    format!("rk-{step}-{}", Digest::of_value("rekindle/token/1", &parts).short(32))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn tokens_are_valid_and_tell_steps_apart(run in ".{0,200}", attempt in 0_u32..3) {
            let instance = "web-api@recovery".parse().unwrap();
            let create = token(&run, &instance, "create", attempt);
            prop_assert!(create.len() <= 128 && create.starts_with(|first: char| first.is_ascii_alphabetic()));
            prop_assert!(create.chars().all(|character| character.is_ascii_alphanumeric() || character == '-'));
            prop_assert_eq!(&create, &token(&run, &instance, "create", attempt));
            prop_assert_ne!(&create, &token(&run, &instance, "create", attempt + 1));
            prop_assert_ne!(&create, &token(&run, &"web-api".parse().unwrap(), "create", attempt));
        }
    }
}
