//! The patterns of `types.txt`: text with marks in braces.
//!
//! | mark | stands for |
//! |---|---|
//! | `{hex:N}` `{upper:N}` `{lower-text:N}` `{digits:N}` `{uuid}` `{address}` | derived, unique to the resource |
//! | `{partition}` `{region}` `{account}` `{suffix}` | the place |
//! | `{name:PROPERTY:LIMIT}` `{lower:PROPERTY:LIMIT}` | the property, else a generated name |
//! | `{property:NAME}` `{property:NAME\|TEXT}` | the property, else the text or nothing |
//! | `{id}` `{tail}` `{segment:N}` `{segments:N}` `{unslashed-id}` | the physical id or parts of it |
//! | `{derived:PROPERTY:A:B}` | the property with its first `:A/` made `:B/` |
//! | `{zone}` `{version}` `{database-port}` `{load-balancer-kind}` `{internal-prefix}` | see the code |
//!
//! Square brackets around a whole pattern make a list, of one value or of none.

use serde_json::{Value, json};

use crate::language::text_of;
use crate::local::derive;
use crate::local::place::Place;

/// What a pattern is filled from.
#[derive(Debug)]
pub struct Subject<'a> {
    /// Where the resource is.
    pub place: &'a Place,
    /// The stack's name.
    pub stack_name: &'a str,
    /// Logical id.
    pub logical_id: &'a str,
    /// What derived parts are derived from.
    pub seed: String,
    /// Empty while the physical id itself is made.
    pub physical_id: &'a str,
    /// Evaluated properties.
    pub properties: &'a Value,
    /// 1, plus one for each change in place.
    pub version: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(&'static str),
    Mark(&'static str, &'static str),
}

/// The property that names a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameProperty {
    /// The property.
    pub property: &'static str,
    /// Whether the service writes the name in small letters.
    pub is_lower: bool,
}

/// A pattern, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    is_list: bool,
    parts: Vec<Part>,
}

impl Pattern {
    /// Reads a pattern.
    pub fn parse(text: &'static str) -> Self {
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let mut rest = inner.unwrap_or(text);
        let mut parts = Vec::new();
        while let Some((before, after)) = rest.split_once('{') {
            let (mark, behind) = after.split_once('}').unwrap_or((after, ""));
            if !before.is_empty() {
                parts.push(Part::Text(before));
            }
            let (name, argument) = mark.split_once(':').unwrap_or((mark, ""));
            parts.push(Part::Mark(name, argument));
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest));
        }
        Self { is_list: inner.is_some(), parts }
    }

    /// The property that gives the name in it, if one does.
    pub fn name_property(&self) -> Option<NameProperty> {
        self.parts.iter().find_map(|part| {
            let Part::Mark(mark @ ("name" | "lower"), argument) = part else { return None };
            let property = argument.split(':').next().filter(|property| !property.is_empty())?;
            Some(NameProperty { property, is_lower: *mark == "lower" })
        })
    }

    /// The text with all marks filled.
    pub fn text(&self, subject: &Subject<'_>) -> String {
        let filled = self.parts.iter().enumerate().map(|(index, part)| match part {
            Part::Text(text) => (*text).to_owned(),
            Part::Mark(name, argument) => subject.fill(name, argument, index),
        });
        filled.collect()
    }

    /// The value with all marks filled. A pattern that is one property and nothing else gives that
    /// property as it is, lists included.
    pub fn value(&self, subject: &Subject<'_>) -> Value {
        if let [Part::Mark("property", name)] = self.parts[..]
            && let Some(value) = subject.properties.get(name)
        {
            return value.clone();
        }
        match (self.is_list, self.parts.is_empty()) {
            (true, true) => json!([]),
            (true, false) => json!([self.text(subject)]),
            (false, _) => Value::String(self.text(subject)),
        }
    }
}

impl Subject<'_> {
    fn fill(&self, mark: &str, argument: &str, index: usize) -> String {
        let seed = format!("{}/{index}", self.seed);
        let number = || argument.parse().expect("`types.txt` is checked by a test");
        match mark {
            "hex" => derive::hex(&seed, number()),
            "upper" => derive::upper(&seed, number()),
            "lower-text" => derive::lower(&seed, number()),
            "digits" => derive::digits(&seed, number()),
            "uuid" => derive::uuid(&seed),
            "address" => derive::address(&seed),
            "partition" => self.place.partition().to_owned(),
            "region" => self.place.region.to_string(),
            "account" => self.place.account.to_string(),
            "suffix" => self.place.url_suffix().to_owned(),
            "name" => self.name(argument, &seed),
            "lower" => self.lower_name(argument, &seed),
            "property" => self.property_or_text(argument),
            "id" => self.physical_id.to_owned(),
            "tail" => self.physical_id.rsplit([':', '/']).next().unwrap_or_default().to_owned(),
            "segment" => self.physical_id.split('/').nth(number()).unwrap_or_default().to_owned(),
            "segments" => self.segments(number()),
            "unslashed-id" => self.physical_id.trim_start_matches('/').to_owned(),
            "derived" => self.derived(argument),
            "zone" => self.property("AvailabilityZone").unwrap_or_else(|| self.place.zones()[0].clone()),
            "version" => self.version.to_string(),
            "database-port" => self.database_port(),
            "load-balancer-kind" => self.load_balancer_kind().to_owned(),
            "internal-prefix" => self.internal_prefix().to_owned(),
            _ => String::new(),
        }
    }

    fn property(&self, name: &str) -> Option<String> {
        self.properties.get(name).and_then(text_of)
    }

    fn property_or_text(&self, argument: &str) -> String {
        let (name, text) = argument.split_once('|').unwrap_or((argument, ""));
        self.property(name).unwrap_or_else(|| text.to_owned())
    }

    fn name(&self, argument: &str, seed: &str) -> String {
        let (property, limit) = argument.split_once(':').unwrap_or((argument, ""));
        let limit = limit.parse().expect("`types.txt` is checked by a test");
        self.property(property).unwrap_or_else(|| derive::name(self.stack_name, self.logical_id, seed, limit))
    }

    fn lower_name(&self, argument: &str, seed: &str) -> String {
        self.name(argument, seed).to_ascii_lowercase()
    }

    /// The physical id's parts between slashes, from `start` on. The first part of an ARN keeps
    /// only what follows its last colon.
    fn segments(&self, start: usize) -> String {
        let tail = self.physical_id.splitn(6, ':').last().unwrap_or_default();
        tail.splitn(start + 1, '/').last().unwrap_or_default().to_owned()
    }

    fn derived(&self, argument: &str) -> String {
        let mut parts = argument.split(':');
        let mut next = || parts.next().unwrap_or_default();
        let (property, from, to) = (next(), next(), next());
        let value = self.property(property).unwrap_or_default();
        value.replacen(&format!(":{from}/"), &format!(":{to}/"), 1)
    }

    /// `Port`, else the engine's usual one. Source: Amazon RDS API reference, CreateDBInstance.
    fn database_port(&self) -> String {
        let engine = self.property("Engine").unwrap_or_default();
        let usual = match engine.split('-').next().unwrap_or_default() {
            "mysql" | "mariadb" => "3306",
            "oracle" => "1521",
            "sqlserver" => "1433",
            "db2" => "50000",
            _ => "5432",
        };
        self.property("Port").unwrap_or_else(|| usual.to_owned())
    }

    fn load_balancer_kind(&self) -> &'static str {
        match self.property("Type").as_deref() {
            Some("network") => "net",
            Some("gateway") => "gwy",
            _ => "app",
        }
    }

    fn internal_prefix(&self) -> &'static str {
        if self.property("Scheme").as_deref() == Some("internal") { "internal-" } else { "" }
    }
}

#[cfg(test)]
impl Pattern {
    /// A mark nobody can fill, for the test of the table.
    pub fn unknown_mark(&self) -> Option<&'static str> {
        const MARKS: [&str; 24] = [
            "hex",
            "upper",
            "lower-text",
            "digits",
            "uuid",
            "address",
            "partition",
            "region",
            "account",
            "suffix",
            "name",
            "lower",
            "property",
            "id",
            "tail",
            "segment",
            "segments",
            "unslashed-id",
            "derived",
            "zone",
            "version",
            "database-port",
            "load-balancer-kind",
            "internal-prefix",
        ];
        self.parts.iter().find_map(|part| match part {
            Part::Mark(name, _) if !MARKS.contains(name) => Some(*name),
            _ => None,
        })
    }
}
