//! What services say when something goes wrong, and what a person can do about it: one table.
//!
//! Texts are matched loosely, in lower case, because services change their words. The first row that
//! fits counts. Sources: the services' API references ("Errors") and reports of users.

use std::sync::LazyLock;

/// Something that failed, as its events tell it.
#[derive(Clone, Copy, Debug)]
pub struct Symptom<'s> {
    /// The status of its event, for example `DELETE_FAILED`.
    pub status: &'s str,
    /// Its type.
    pub resource_type: &'s str,
    /// Its physical id, where it has one.
    pub physical_id: Option<&'s str>,
    /// What its service said.
    pub reason: &'s str,
}

struct Row {
    operation: &'static str,
    resource_type: &'static str,
    words: &'static str,
    advice: &'static str,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let lines = include_str!("symptoms.csv").lines().skip(1);
    let row = |line: &'static str| {
        let mut parts = line.splitn(4, '|');
        let mut next = || parts.next();
        Some(Row { operation: next()?, resource_type: next()?, words: next()?, advice: next()? })
    };
    lines.filter_map(row).collect()
});

impl Row {
    fn fits(&self, symptom: &Symptom<'_>) -> bool {
        let is_type = self.resource_type == "*"
            || self.resource_type == symptom.resource_type
            || self.resource_type.ends_with("::") && symptom.resource_type.starts_with(self.resource_type);
        let is_operation = self.operation == "*" || symptom.status.starts_with(self.operation);
        is_type && is_operation && symptom.reason.to_lowercase().contains(self.words)
    }
}

/// What to do about it, for a unit in a region; `None` where nothing is known that helps.
pub fn advice(symptom: &Symptom<'_>, unit: &str, region: &str) -> Option<String> {
    let row = TABLE.iter().find(|row| row.fits(symptom))?;
    let quoted = symptom.physical_id.map(|id| format!("'{}'", id.replace('\'', r"'\''")));
    let id = quoted.as_deref().unwrap_or("NAME");
    Some(row.advice.replace("{unit}", unit).replace("{region}", region).replace("{id}", id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn every_line_is_read_and_of_a_published_type() {
        assert_eq!(TABLE.len(), include_str!("symptoms.csv").lines().count() - 1);
        for Row { operation, resource_type, words, .. } in TABLE.iter() {
            assert!(["*", "CREATE", "DELETE"].contains(operation), "{operation}");
            assert_eq!(words.to_lowercase(), **words);
            let is_pattern = *resource_type == "*" || resource_type.ends_with("::");
            assert!(is_pattern || catalogue::is_known(resource_type), "{resource_type}");
        }
    }

    #[test]
    fn the_more_particular_row_counts() {
        let told = |status: &str, resource_type: &str, reason: &str| {
            let symptom = Symptom { status, resource_type, physical_id: Some("it's"), reason };
            advice(&symptom, "data", "eu-central-1")
        };
        let group = "AWS::Logs::LogGroup";
        let created = told("CREATE_FAILED", group, "/aws/lambda/x Already Exists").unwrap();
        assert!(created.contains("delete-log-group --region eu-central-1"), "{created}");
        assert!(created.contains(r"'it'\''s'"), "{created}");
        assert_eq!(told("DELETE_FAILED", group, "already exists"), None);
        let other = told("CREATE_FAILED", "AWS::SQS::Queue", "x already exists").unwrap();
        assert!(!other.contains("logs"), "{other}");
        let hung = "Exceeded attempts to wait";
        let custom = told("DELETE_FAILED", "Custom::Seed", hung).unwrap();
        assert_ne!(Some(custom), told("DELETE_FAILED", "AWS::SQS::Queue", hung));
        assert_eq!(told("DELETE_FAILED", "AWS::SQS::Queue", "something unheard of"), None);
    }
}
