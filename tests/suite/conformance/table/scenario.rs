//! A scenario as data.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What one engine shows after a step, or what it should show. What is not given does not matter.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Shown {
    /// The stack's status when nothing goes on any more.
    pub status: Option<String>,
    /// Its outputs.
    pub outputs: Option<BTreeMap<String, String>>,
    /// The statuses of the step's events by logical id, oldest first, repetitions left out; those of
    /// the stack itself under `stack`.
    pub events: Option<BTreeMap<String, Vec<String>>>,
    /// Lines of the change set.
    pub changes: Option<Vec<String>>,
    /// The kind of the refusal.
    pub refused: Option<String>,
    /// Logical ids and paths that drifted.
    pub drift: Option<Vec<String>>,
}

/// One step.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Step {
    /// What is done.
    #[serde(rename = "do")]
    pub action: String,
    /// The stack, `demo` where it is not said.
    #[serde(default = "demo")]
    pub stack: String,
    /// The template, as JSON or YAML in long form.
    #[serde(default)]
    pub template: Value,
    /// What else the action needs.
    #[serde(default)]
    pub with: BTreeMap<String, Value>,
    /// What AWS documents to be shown afterwards.
    #[serde(default)]
    pub expect: Shown,
}

fn demo() -> String {
    "demo".to_owned()
}

/// What an engine does otherwise, and who is right.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Known {
    /// The engine.
    pub engine: String,
    /// The step, counted from 1.
    pub step: usize,
    /// The field of what is shown.
    pub field: String,
    /// What the engine shows.
    pub shows: Value,
    /// Why, and by which words of AWS's documentation the other one is right.
    pub why: String,
}

/// A scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, as a sentence.
    pub name: String,
    /// Where AWS documents it.
    pub source: String,
    /// What is done.
    pub steps: Vec<Step>,
    /// What engines do otherwise.
    #[serde(default)]
    pub differences: Vec<Known>,
}

/// Something an engine shows otherwise than AWS documents it.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The step, counted from 1.
    pub step: usize,
    /// The field.
    pub field: String,
    /// What it shows.
    pub shows: Value,
}

impl Scenario {
    /// The differences that are known of an engine.
    pub fn known(&self, engine: &str) -> Vec<Difference> {
        let of_engine = self.differences.iter().filter(|known| known.engine == engine);
        let difference = |known: &Known| Difference {
            step: known.step,
            field: known.field.clone(),
            shows: known.shows.clone(),
        };
        of_engine.map(difference).collect()
    }
}

impl Step {
    /// In what `seen` is not as documented.
    pub fn differences(&self, index: usize, seen: &Shown) -> Vec<Difference> {
        let expect = &self.expect;
        let fields = [
            ("status", of(&expect.status), of(&seen.status)),
            ("outputs", of(&expect.outputs), of(&seen.outputs)),
            ("events", of(&expect.events), of(&seen.events)),
            ("changes", of(&expect.changes), of(&seen.changes)),
            ("refused", of(&expect.refused), of(&seen.refused)),
            ("drift", of(&expect.drift), of(&seen.drift)),
        ];
        let differs = |(field, wanted, shows): (&str, Value, Value)| {
            let is_other = !wanted.is_null() && wanted != shows;
            // Where a refusal is not expected, it is told.
            let is_refused = field == "refused" && wanted.is_null() && !shows.is_null();
            (is_other || is_refused).then(|| Difference { step: index + 1, field: field.to_owned(), shows })
        };
        fields.into_iter().filter_map(differs).collect()
    }
}

fn of(value: &Option<impl serde::Serialize>) -> Value {
    serde_json::to_value(value).unwrap()
}

/// The table.
pub fn scenarios() -> Vec<Scenario> {
    let document = rekindle::template::read("scenarios.yaml", include_bytes!("scenarios.yaml")).unwrap();
    serde_json::from_value(document.value["scenarios"].clone()).unwrap()
}
