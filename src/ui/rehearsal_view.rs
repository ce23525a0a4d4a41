//! What a rehearsal predicts: how long it takes, what decides that, and who works when.

use serde_json::{Value, json};

use crate::engine::Operation;
use crate::estimate::Confidence;
use crate::model::{EnvironmentName, InstanceName, ResourceOperation};
use crate::plan::{ActionKind, Consent};
use crate::ui::table::table;
use crate::ui::{Label, Palette, SCHEMA, estimate_view, text};

/// Columns of the bars in the chart.
const BAR: usize = 40;

/// What a rehearsal predicts.
#[derive(Clone, Debug, PartialEq)]
pub struct Rehearsal {
    /// What was rehearsed.
    pub operation: Operation,
    /// The environment.
    pub environment: EnvironmentName,
    /// Predicted seconds, as they usually are.
    pub seconds: f64,
    /// Predicted seconds that nine of ten runs stay within; `None` for a run that failed.
    pub slow_seconds: Option<f64>,
    /// How many steps of the prediction each source speaks for.
    pub confidence: Confidence,
    /// Every instance worked on, in the order of their begins.
    pub spans: Vec<Span>,
    /// The chain of resources that decides how long it takes, first to last.
    pub critical_path: Vec<Step>,
    /// Consents that were assumed; the real run will need them.
    pub consents: Vec<AssumedConsent>,
    /// Resource types whose durations are not known.
    pub unknown_types: Vec<String>,
}

/// A consent that the real run will need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssumedConsent {
    /// `--yes`, or an answer.
    Yes,
    /// `--confirm`, or the environment's name typed.
    Confirm,
    /// A named one for one unit.
    Named(Consent, InstanceName),
}

impl AssumedConsent {
    /// The option that gives it.
    fn option(&self) -> &'static str {
        match self {
            Self::Yes => "--yes",
            Self::Confirm => "--confirm",
            Self::Named(consent, _) => consent.option(),
        }
    }

    fn told(&self, environment: &EnvironmentName) -> String {
        match self {
            Self::Yes => "`--yes`, or an answer".to_owned(),
            Self::Confirm => format!("`--confirm {environment}`, or the name typed"),
            Self::Named(consent, instance) => format!("`{} {instance}`", consent.option()),
        }
    }

    /// As a consent of a plan; one to the whole run is for no unit.
    fn document(&self) -> Value {
        let instance = match self {
            Self::Yes | Self::Confirm => None,
            Self::Named(_, instance) => Some(instance),
        };
        json!({
            "unit": instance.map(|instance| &instance.unit),
            "target": instance.map(|instance| &instance.target),
            "option": self.option(),
            "resources": [],
        })
    }
}

/// When an instance is worked on, in seconds since the begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The instance.
    pub instance: InstanceName,
    /// What is done to it.
    pub action: ActionKind,
    /// Its begin.
    pub start: f64,
    /// Its end.
    pub end: f64,
}

/// One step of the critical path.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The instance.
    pub instance: InstanceName,
    /// Logical id of the resource; `None` where the instance's resources are not known.
    pub resource: Option<String>,
    /// Its type.
    pub resource_type: Option<String>,
    /// What is done to it.
    pub operation: Option<ResourceOperation>,
    /// How long it takes.
    pub seconds: f64,
}

/// The prediction as people read it.
pub fn rehearsal(rehearsal: &Rehearsal, palette: &Palette) -> String {
    let noun = match rehearsal.operation {
        Operation::Deploy => "deploy",
        Operation::Teardown => "teardown",
        Operation::Rebuild => "rebuild",
        // Nothing of others' goes on in a rehearsal.
        Operation::Attach => "attach",
    };
    let ends = if rehearsal.slow_seconds.is_some() { "takes" } else { "that fails like this one ends after" };
    let mut shown = format!(
        "{} of {} {ends} about {}",
        palette.paint(Label::Heading, format!("A real {noun}")),
        rehearsal.environment,
        palette.paint(Label::Heading, text::duration(rehearsal.seconds)),
    );
    if let Some(seconds) = rehearsal.slow_seconds {
        shown.push_str(&format!(", nine times of ten within {}", text::duration(seconds)));
    }
    shown.push('\n');
    shown.push_str(&format!("({})\n", assumption(rehearsal.operation)));
    if rehearsal.confidence != Confidence::default() {
        shown.push_str(&format!("({})\n", estimate_view::basis(&rehearsal.confidence)));
    }
    shown.push_str(&section("Who works when", &chart(rehearsal), palette));
    shown.push_str(&section("Critical path", &steps(rehearsal), palette));
    let told = |consent: &AssumedConsent| format!("  {}\n", consent.told(&rehearsal.environment));
    let needs: String = rehearsal.consents.iter().map(told).collect();
    shown.push_str(&section("The real run will need", &needs, palette));
    if !rehearsal.unknown_types.is_empty() {
        let types = rehearsal.unknown_types.join(", ");
        shown.push_str(&format!("\nNot measured, guessed: {types}\n"));
    }
    shown
}

/// What a rehearsal begins with. What stands is not asked: there may be no way to ask.
fn assumption(operation: Operation) -> &'static str {
    match operation {
        Operation::Deploy | Operation::Attach => {
            "from nothing, whatever stands now; `plan` tells what would change"
        }
        Operation::Teardown | Operation::Rebuild => "as if this release were deployed, whatever stands now",
    }
}

fn section(title: &str, body: &str, palette: &Palette) -> String {
    if body.is_empty() {
        String::new()
    } else {
        format!("\n{}\n{body}", palette.paint(Label::Heading, title))
    }
}

fn chart(rehearsal: &Rehearsal) -> String {
    let whole = rehearsal.seconds.max(f64::MIN_POSITIVE);
    let names = rehearsal.spans.iter().map(|span| text::width(&span.instance.to_string())).max().unwrap_or(0);
    let words = |span: &Span| span.action.as_str();
    let verbs = rehearsal.spans.iter().map(|span| words(span).len()).max().unwrap_or(0);
    let column = |seconds: f64| ((seconds / whole * BAR as f64).round() as usize).min(BAR);
    rehearsal
        .spans
        .iter()
        .map(|span| {
            let start = column(span.start).min(BAR - 1);
            let length = column(span.end).saturating_sub(start).max(1);
            let bar = format!("{}{}", " ".repeat(start), "█".repeat(length));
            let name = text::pad(&span.instance.to_string(), names);
            let verb = text::pad(words(span), verbs);
            format!("  {name}  {verb} |{bar:<BAR$}| {}\n", text::duration(span.end - span.start))
        })
        .collect()
}

fn steps(rehearsal: &Rehearsal) -> String {
    let rows = rehearsal.critical_path.iter().map(|step| {
        vec![
            format!("  {}", step.instance),
            step.resource.clone().unwrap_or_else(|| "-".to_owned()),
            step.resource_type.clone().unwrap_or_default(),
            step.operation.map(ResourceOperation::as_str).unwrap_or_default().to_owned(),
            text::duration(step.seconds),
        ]
    });
    if rehearsal.critical_path.is_empty() { String::new() } else { table(&[], rows) }
}

/// The document for programs.
pub fn document(rehearsal: &Rehearsal) -> Value {
    let path = rehearsal.critical_path.iter().map(|step| {
        json!({
            "unit": step.instance,
            "resource": step.resource,
            "type": step.resource_type,
            "operation": step.operation,
            "seconds": step.seconds,
        })
    });
    json!({
        "schema": SCHEMA,
        "from": match rehearsal.operation {
            Operation::Deploy | Operation::Attach => "nothing",
            Operation::Teardown | Operation::Rebuild => "release",
        },
        "environment": rehearsal.environment,
        "operation": rehearsal.operation,
        "p50_seconds": rehearsal.seconds,
        "p90_seconds": rehearsal.slow_seconds,
        "critical_path": path.collect::<Vec<_>>(),
        "needs_consent": rehearsal.consents.iter().map(|consent| consent.document()).collect::<Vec<_>>(),
        "unknown_types": rehearsal.unknown_types,
        "confidence": estimate_view::confidence_of(&rehearsal.confidence),
    })
}
