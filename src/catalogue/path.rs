//! Paths of properties as resource schemas write them: `/properties/A/B`, `*` for the items of a list.

use serde::Deserialize;

/// The names from a resource's `Properties` inwards; `*` stands for any item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(from = "String")]
pub struct PropertyPath(pub Vec<String>);

impl From<String> for PropertyPath {
    fn from(pointer: String) -> Self {
        let steps = pointer.split('/').filter(|step| !step.is_empty());
        let steps = steps.enumerate().filter(|(index, step)| *index > 0 || *step != "properties");
        Self(steps.map(|(_, step)| step.replace("~1", "/").replace("~0", "~")).collect())
    }
}

impl PropertyPath {
    /// Whether a difference at `changed` is one of this property: it is at the property, inside it,
    /// or is a value that holds it. Indexes of lists count as `*`, with or without being written.
    pub fn is_touched_by<'a>(&self, changed: impl IntoIterator<Item = &'a str>) -> bool {
        let is_item = |step: &&str| *step == "*" || step.bytes().all(|byte| byte.is_ascii_digit());
        let mut own = self.0.iter().map(String::as_str).filter(|step| *step != "*");
        let mut changed = changed.into_iter().filter(|step| !is_item(step));
        loop {
            match (own.next(), changed.next()) {
                (Some(own), Some(changed)) if own == changed => {}
                (Some(_), Some(_)) => return false,
                (None, _) | (_, None) => return true,
            }
        }
    }
}

impl std::fmt::Display for PropertyPath {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_differences_touch_a_property() {
        let path = PropertyPath::from("/properties/Rules/*/Port".to_owned());
        assert_eq!(path.to_string(), "Rules.*.Port");
        for (changed, expected) in [
            ("Rules", true),
            ("Rules.3.Port", true),
            ("Rules.*.Port.Deeper", true),
            ("Rules.Port", true),
            ("Rules.0.Name", false),
            ("Port", false),
        ] {
            assert_eq!(path.is_touched_by(changed.split('.')), expected, "{changed}");
        }
    }
}
