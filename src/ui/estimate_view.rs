//! How long it takes, and why: for people and for programs.

use serde_json::{Value, json};

use crate::engine::Operation;
use crate::estimate::{Confidence, CriticalStep, Durations, Estimate, LongPole, Phase, Source};
use crate::model::EnvironmentName;
use crate::plan;
use crate::ui::plan_view::Detail;
use crate::ui::table::table;
use crate::ui::{Label, Palette, SCHEMA, text};

/// An estimate with what it is of.
#[derive(Clone, Copy, Debug)]
pub struct Estimated<'e> {
    /// The environment.
    pub environment: &'e EnvironmentName,
    /// What would be done.
    pub operation: Operation,
    /// How long that takes.
    pub estimate: &'e Estimate,
    /// What it was made from.
    pub durations: &'e Durations,
}

/// One line: `about 18m 04s, nine of ten runs within 26m 10s (by the table of means; no records yet)`.
pub fn line(estimate: &Estimate) -> String {
    let mut shown = format!("{} ({})", seconds(estimate), basis(&estimate.confidence));
    if !estimate.unknown_types.is_empty() {
        let number = text::count(estimate.unknown_types.len(), "type");
        shown.push_str(&format!("; guessed: {number}, see `rekindle estimate`"));
    }
    if !estimate.unknown_units.is_empty() {
        let number = text::count(estimate.unknown_units.len(), "stack");
        shown.push_str(&format!("; left out: {number} whose contents nobody knows"));
    }
    shown
}

fn seconds(estimate: &Estimate) -> String {
    let (half, most) = (text::duration(estimate.p50_seconds), text::duration(estimate.p90_seconds));
    format!("about {half}, nine of ten runs within {most}")
}

/// What a prediction rests on, in a few words.
pub(super) fn basis(confidence: &Confidence) -> String {
    let measured = measured_steps(confidence);
    let all: usize = confidence.steps.values().sum();
    match measured {
        0 => "by the table of means; no records yet".to_owned(),
        _ if measured == all => "by this account's own records".to_owned(),
        _ => format!("{measured} of {all} steps by this account's own records"),
    }
}

fn measured_steps(confidence: &Confidence) -> usize {
    let steps = &confidence.steps;
    [Source::Resource, Source::Type].iter().filter_map(|source| steps.get(source)).sum()
}

/// The whole estimate.
pub fn estimate(estimated: &Estimated<'_>, detail: Detail, palette: &Palette) -> String {
    let Estimated { environment, operation, estimate, .. } = estimated;
    if estimate.is_empty() {
        return format!("Nothing to do: a {} of {environment} takes no time.\n", operation.as_str());
    }
    let heading = format!("A {} of {environment} takes", operation.as_str());
    let mut shown = format!("{} {}\n", palette.paint(Label::Heading, heading), seconds(estimate));
    if estimate.phases.len() > 1 {
        let phases: Vec<String> = estimate.phases.iter().map(phase).collect();
        shown.push_str(&format!("  {}\n", phases.join(", then ")));
    }
    if !estimate.critical_path.is_empty() {
        shown.push_str(&section("Critical path", &path(&estimate.critical_path), palette));
    }
    shown.push_str(&pole(estimate, palette));
    shown.push_str(&section("How this is known", &confidence(estimate), palette));
    if detail == Detail::Verbose {
        shown.push_str(&section("By type", &types(estimated), palette));
    }
    shown
}

/// The word for a walk.
pub(super) fn phase_word(operation: plan::Operation) -> &'static str {
    match operation {
        plan::Operation::Deploy => "deploy",
        plan::Operation::Teardown => "teardown",
    }
}

fn phase(phase: &Phase) -> String {
    format!("{} {}", phase_word(phase.operation), text::duration(phase.end - phase.start))
}

fn section(title: &str, body: &str, palette: &Palette) -> String {
    format!("\n{}\n{body}", palette.paint(Label::Heading, title))
}

fn path(steps: &[CriticalStep]) -> String {
    let rows = steps.iter().map(|step| {
        vec![
            format!("  {}", step.instance),
            step.resource.clone(),
            step.resource_type.clone(),
            step.operation.as_str().to_owned(),
            text::duration(step.duration.p50),
            text::duration(step.duration.p90),
            known_by(step.duration.source, step.duration.samples),
        ]
    });
    table(&["  UNIT", "RESOURCE", "TYPE", "DOES", "P50", "P90", "KNOWN BY"], rows)
}

fn known_by(source: Source, samples: usize) -> String {
    match source {
        Source::Resource => format!("{} of it", text::count(samples, "record")),
        Source::Type => format!("{} of its type", text::count(samples, "record")),
        Source::Table => "the table".to_owned(),
        Source::Guess => "nothing: guessed".to_owned(),
    }
}

fn pole(estimate: &Estimate, palette: &Palette) -> String {
    let Some(LongPole { step, saves_seconds, then }) = &estimate.long_pole else { return String::new() };
    let mut body = format!("  {} takes {}.\n", described(step), text::duration(step.duration.p50));
    if *saves_seconds < 0.5 {
        body.push_str("  Shortening it saves nothing: another path is as long.\n");
    } else {
        let all = step.duration.p50 - saves_seconds < 0.5;
        let saves = text::duration(*saves_seconds);
        let (first, next) = match all {
            true => ("  Every second less there is one less in all".to_owned(), "the next longest is"),
            false => {
                (format!("  Shortening it saves up to {saves}"), "from then on another path decides, through")
            }
        };
        let next = then.as_ref().map(|then| format!("; {next} {}", described(then)));
        body.push_str(&format!("{first}{}.\n", next.unwrap_or_default()));
    }
    section("Long pole", &body, palette)
}

fn described(step: &CriticalStep) -> String {
    format!("{}.{} ({}, {})", step.instance, step.resource, step.resource_type, step.operation.as_str())
}

fn confidence(estimate: &Estimate) -> String {
    let words = |source| match source {
        Source::Resource => "by records of the very same resource",
        Source::Type => "by records of resources of the same type",
        Source::Table => "by the table of means",
        Source::Guess => "guessed: nothing is known of the type",
    };
    let mut shown: String = estimate
        .confidence
        .steps
        .iter()
        .map(|(source, number)| format!("  {} {}\n", text::count(*number, "step"), words(*source)))
        .collect();
    if measured_steps(&estimate.confidence) == 0 {
        shown.push_str("  No run in this account is on record yet: how far runs differ is assumed.\n");
    }
    let list = |title: &str, names: Vec<String>| match names.is_empty() {
        true => String::new(),
        false => format!("  {title}: {}\n", names.join(", ")),
    };
    shown.push_str(&list("Guessed types", estimate.unknown_types.iter().cloned().collect()));
    let units = estimate.unknown_units.iter().map(ToString::to_string).collect();
    shown + &list("Left out, because nobody knows what these stacks hold", units)
}

fn types(estimated: &Estimated<'_>) -> String {
    let types = estimated.estimate.types(estimated.durations);
    let rows = types.into_iter().map(|((resource_type, operation), (number, duration))| {
        vec![
            format!("  {resource_type}"),
            operation.as_str().to_owned(),
            number.to_string(),
            text::duration(duration.p50),
            text::duration(duration.p90),
            known_by(duration.source, duration.samples),
        ]
    });
    table(&["  TYPE", "DOES", "STEPS", "P50", "P90", "KNOWN BY"], rows)
}

/// The document for programs.
pub fn document(estimated: &Estimated<'_>) -> Value {
    let Estimated { environment, operation, estimate, durations } = estimated;
    let types = estimate.types(durations).into_iter().map(|((resource_type, does), (number, duration))| {
        json!({
            "type": resource_type,
            "operation": does,
            "steps": number,
            "p50_seconds": tenths(duration.p50),
            "p90_seconds": tenths(duration.p90),
            "known_by": duration.source.as_str(),
            "samples": duration.samples,
        })
    });
    json!({
        "schema": SCHEMA,
        "environment": environment,
        "operation": operation,
        "p50_seconds": tenths(estimate.p50_seconds),
        "p90_seconds": tenths(estimate.p90_seconds),
        "critical_path": estimate.critical_path.iter().map(critical_step).collect::<Vec<_>>(),
        "long_pole": estimate.long_pole.as_ref().map(long_pole),
        "confidence": confidence_of(&estimate.confidence),
        "unknown_types": estimate.unknown_types,
        "unknown_units": estimate.unknown_units,
        "types": types.collect::<Vec<_>>(),
        "phases": estimate.phases.iter().map(phase_document).collect::<Vec<_>>(),
    })
}

/// What an estimate says of itself in other documents.
pub fn summary(estimate: &Estimate) -> Value {
    json!({
        "p50_seconds": tenths(estimate.p50_seconds),
        "p90_seconds": tenths(estimate.p90_seconds),
        "confidence": confidence_of(&estimate.confidence),
        "unknown_types": estimate.unknown_types,
        "unknown_units": estimate.unknown_units,
    })
}

/// Steps by where their durations come from.
pub(super) fn confidence_of(confidence: &Confidence) -> Value {
    let of = |source| confidence.steps.get(&source).copied().unwrap_or(0);
    json!({
        "resource": of(Source::Resource),
        "type": of(Source::Type),
        "table": of(Source::Table),
        "guess": of(Source::Guess),
    })
}

fn critical_step(step: &CriticalStep) -> Value {
    json!({
        "unit": step.instance,
        "resource": step.resource,
        "type": step.resource_type,
        "operation": step.operation,
        "seconds": tenths(step.duration.p50),
        "p90_seconds": tenths(step.duration.p90),
        "known_by": step.duration.source.as_str(),
        "samples": step.duration.samples,
    })
}

fn long_pole(pole: &LongPole) -> Value {
    let mut shown = critical_step(&pole.step);
    shown["saves_seconds"] = tenths(pole.saves_seconds).into();
    shown["then"] = pole.then.as_ref().map(critical_step).into();
    shown
}

fn phase_document(phase: &Phase) -> Value {
    let units = phase.units.iter().map(|unit| {
        let resources = unit.steps.iter().map(|step| {
            json!({
                "resource": step.resource,
                "type": step.resource_type,
                "operation": step.operation,
                "start_seconds": tenths(step.start),
                "p50_seconds": tenths(step.duration.p50),
                "p90_seconds": tenths(step.duration.p90),
                "known_by": step.duration.source.as_str(),
                "samples": step.duration.samples,
                "critical": step.is_critical,
            })
        });
        json!({
            "unit": unit.instance,
            "action": unit.action,
            "start_seconds": tenths(unit.start),
            "end_seconds": tenths(unit.end),
            "resources": resources.collect::<Vec<_>>(),
        })
    });
    json!({
        "operation": phase.operation,
        "start_seconds": tenths(phase.start),
        "end_seconds": tenths(phase.end),
        "units": units.collect::<Vec<_>>(),
    })
}

/// Tenths of a second: nobody knows more, and two machines agree on it.
fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}
