//! How a run ended: the first root cause first, then what was done and what was not.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::{Cause, Operation, Outcome, UnitOutcome, UnitReport, Why};
use crate::model::{Digest, EnvironmentName};
use crate::plan::ActionKind;
use crate::ui::{Label, Palette, SCHEMA, proof_view, text};

/// How a run ended, in one word. Later ones are graver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything is done, or nothing was to do.
    Succeeded,
    /// It was stopped; run again to continue.
    Interrupted,
    /// CloudFormation refused a request: of that unit nothing was begun.
    Refused,
    /// An image could not be brought where a stack would pull it from: of that unit nothing was begun.
    WithoutImage,
    /// Nobody could say what a deletion left.
    Unproven,
    /// Something failed and was rolled back.
    Failed,
    /// All was done, and the verification or the proof afterwards found a difference.
    Different,

    /// A change set showed what the plan did not announce.
    Unannounced,
    /// Something failed, and a person must look.
    NeedsHands,
}

impl Verdict {
    /// The gravest thing that happened.
    pub fn of(outcome: &Outcome) -> Self {
        let stopped = if outcome.interrupted { Self::Interrupted } else { Self::Succeeded };
        let proved = match &outcome.proof {
            Some(proof) if proof.left.iter().any(|left| left.why == Why::Unaccounted) => Self::Different,
            Some(proof) if !proof.unanswered.is_empty() => Self::Unproven,
            _ => Self::Succeeded,
        };
        outcome.reports.iter().map(Self::of_unit).chain([stopped, proved]).max().unwrap_or(stopped)
    }

    fn of_unit(report: &UnitReport) -> Self {
        match report.outcome {
            UnitOutcome::Done | UnitOutcome::Unchanged => Self::Succeeded,
            UnitOutcome::LeftRunning => Self::Interrupted,
            UnitOutcome::Refused { .. } => Self::Refused,
            UnitOutcome::WithoutImage { .. } => Self::WithoutImage,
            UnitOutcome::RolledBack { .. } => Self::Failed,
            UnitOutcome::Unannounced { .. } => Self::Unannounced,
            UnitOutcome::NeedsHands { .. } => Self::NeedsHands,
        }
    }

    /// The word used in records and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Interrupted => "interrupted",
            Self::Refused => "refused",
            Self::WithoutImage => "without-image",
            Self::Failed => "failed",
            Self::Different => "different",
            Self::Unproven => "unproven",
            Self::Unannounced => "unannounced",
            Self::NeedsHands => "needs-hands",
        }
    }
}

/// What closes every stream of events.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// How it ended.
    pub verdict: Verdict,
    /// The release, where the source was known.
    pub release: Option<Digest>,
    /// The deployment, where the source was known.
    pub deployment: Option<Digest>,
    /// Seconds by the cloud's clock.
    pub seconds: f64,
}

impl Summary {
    /// The summary of a run of several phases: the gravest verdict, the last ids, all the seconds.
    pub fn of<'a>(phases: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let start = Self { verdict: Verdict::Succeeded, release: None, deployment: None, seconds: 0.0 };
        phases.into_iter().fold(start, |all, phase| Self {
            verdict: all.verdict.max(Verdict::of(phase)),
            release: phase.release.or(all.release),
            deployment: phase.deployment.or(all.deployment),
            seconds: all.seconds + phase.seconds,
        })
    }

    /// The closing line of a stream.
    pub fn document(&self) -> Value {
        json!({
            "event": "summary",
            "schema": SCHEMA,
            "outcome": self.verdict,
            "release": self.release,
            "deployment": self.deployment,
            "seconds": self.seconds,
        })
    }
}

/// The end of one phase as people read it.
pub fn outcome(
    operation: Operation,
    environment: &EnvironmentName,
    outcome: &Outcome,
    palette: &Palette,
) -> String {
    let mut shown = headline(operation, environment, outcome, palette);
    let failures: String = outcome.reports.iter().map(|report| failure(report, palette)).collect();
    if !failures.is_empty() {
        shown.push_str(&failures);
        shown.push('\n');
    }
    shown.push_str(&skipped(outcome));
    shown.push_str(&format!("  {}\n", counts(outcome)));
    shown.push_str(&left_behind(outcome, palette));
    shown
        .push_str(&outcome.proof.as_ref().map(|proof| proof_view::proof(proof, palette)).unwrap_or_default());
    for (name, id) in [("release", &outcome.release), ("deployment", &outcome.deployment)] {
        if let Some(id) = id {
            shown.push_str(&format!("  {name:<10} {id}\n"));
        }
    }
    shown + &continuation(outcome, palette)
}

/// The ids of what an environment runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    /// The release, where one is known.
    pub release: Option<Digest>,
    /// The deployment, where one is known.
    pub deployment: Option<Digest>,
}

/// The proof that closes a rebuild: what ran before and what runs now.
pub fn rebuilt(before: &Ids, after: &Ids, palette: &Palette) -> String {
    let line = |name: &str, before: &Option<Digest>, after: &Option<Digest>| {
        let text = |id: &Option<Digest>| id.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
        let verdict = match before.is_some() && before == after {
            true => palette.paint(Label::Success, "equal"),
            false => palette.paint(Label::Warning, "different"),
        };
        format!("  {name:<10} {verdict}\n    before {}\n    after  {}\n", text(before), text(after))
    };
    line("release", &before.release, &after.release)
        + &line("deployment", &before.deployment, &after.deployment)
}

/// How an interrupted run is continued; a unit that was left running has said so already.
fn continuation(outcome: &Outcome, palette: &Palette) -> String {
    let is_told = outcome.reports.iter().any(|report| matches!(report.outcome, UnitOutcome::LeftRunning));
    match Verdict::of(outcome) {
        Verdict::Interrupted if !is_told => {
            let hint = palette.paint(Label::Hint, "hint");
            format!("  {hint}: run the same command again to continue\n")
        }
        _ => String::new(),
    }
}

fn headline(
    operation: Operation,
    environment: &EnvironmentName,
    outcome: &Outcome,
    palette: &Palette,
) -> String {
    let verdict = Verdict::of(outcome);
    let label = match verdict {
        Verdict::Succeeded => Label::Success,
        Verdict::Interrupted => Label::Warning,
        _ => Label::Error,
    };
    let noun = match operation {
        Operation::Deploy => "Deploy of",
        Operation::Teardown => "Teardown of",
        Operation::Rebuild => "Rebuild of",
        Operation::Attach => "What was under way in",
    };
    let ended = match verdict {
        Verdict::Unannounced => "stopped at an unannounced change",
        Verdict::NeedsHands => "failed and needs hands",
        Verdict::Refused => "stopped at a refused request",
        Verdict::WithoutImage => "stopped for want of an image",
        other => other.as_str(),
    };
    let ended = palette.paint(label, ended);
    format!("{noun} {environment} {ended} after {}\n", text::duration(outcome.seconds))
}

fn failure(report: &UnitReport, palette: &Palette) -> String {
    let heading =
        |what: &str| format!("\n  {} {what}\n", palette.paint(Label::Error, format!("{}:", report.instance)));
    let hint = |hint: &str| format!("    {}: {}\n", palette.paint(Label::Hint, "hint"), text::clean(hint));
    match &report.outcome {
        UnitOutcome::Done | UnitOutcome::Unchanged => String::new(),
        UnitOutcome::LeftRunning => {
            heading("left running; CloudFormation goes on with it")
                + &hint("run the same command again to continue")
        }
        UnitOutcome::Refused { cause } => {
            heading(&format!("refused: {}", nothing(report.action)))
                + &reason(cause)
                + &hint("correct what it names, then run the same command again")
        }
        UnitOutcome::WithoutImage { cause } => {
            heading(&format!("not begun without its image: {}", nothing(report.action)))
                + &reason(cause)
                + &hint("put that right, then run the same command again; other images are not sent twice")
        }
        UnitOutcome::RolledBack { cause } => {
            heading("failed and rolled back")
                + &reason(cause)
                + &hint("fix the cause in the source, then run the same command again")
        }
        UnitOutcome::NeedsHands { cause, blockers, hint: advice } => {
            let blockers: String = blockers.iter().map(reason).collect();
            let lead =
                if blockers.is_empty() { "" } else { "    and then, what keeps the stack where it is:\n" };
            heading("failed and needs hands") + &reason(cause) + lead + &blockers + &hint(advice)
        }
        UnitOutcome::Unannounced { differences } => {
            let lines: String =
                differences.iter().map(|line| format!("    {}\n", text::clean(line))).collect();
            heading("not done: the change set shows what the plan did not announce")
                + &lines
                + &hint(&format!(
                    "look at these changes; `--allow-replacement {}` consents to replacements",
                    report.instance
                ))
        }
    }
}

/// What a refusal left as it was.
pub(super) fn nothing(action: ActionKind) -> &'static str {
    match action {
        ActionKind::Create | ActionKind::Replace => "nothing was made",
        ActionKind::Update | ActionKind::Keep => "nothing was changed",
        ActionKind::Delete => "nothing was deleted",
    }
}

fn reason(cause: &Cause) -> String {
    let lead = cause_subject(cause).map(|subject| format!("    {subject}\n")).unwrap_or_default();
    let lines = text::wrap(&text::clean(&cause.reason), 72);
    let advice = cause.advice.iter().map(|advice| format!("      to do: {}\n", text::clean(advice)));
    lead + &lines.iter().map(|line| format!("      {line}\n")).chain(advice).collect::<String>()
}

fn cause_subject(cause: &Cause) -> Option<String> {
    let resource = cause.resource.as_ref()?;
    Some(match &cause.resource_type {
        Some(resource_type) => format!("{resource} ({resource_type})"),
        None => resource.clone(),
    })
}

/// A cause in one line.
pub(super) fn cause_line(cause: &Cause) -> String {
    let reason = text::clean(&cause.reason);
    match cause_subject(cause) {
        Some(subject) => format!("{subject}: {reason}"),
        None => reason,
    }
}

/// Skipped instances under the one that failed.
fn skipped(outcome: &Outcome) -> String {
    let mut causes: Vec<Option<String>> =
        outcome.skipped.iter().map(|skipped| skipped.because_of.as_ref().map(ToString::to_string)).collect();
    causes.sort();
    causes.dedup();
    let of = |cause: &Option<String>| -> Vec<String> {
        let same = |because: &Option<crate::model::InstanceName>| {
            because.as_ref().map(ToString::to_string) == *cause
        };
        outcome
            .skipped
            .iter()
            .filter(|skipped| same(&skipped.because_of))
            .map(|skipped| skipped.instance.to_string())
            .collect()
    };
    causes
        .iter()
        .map(|cause| {
            let because = match cause {
                Some(name) => format!("because {name} failed"),
                None => "because the run was stopped".to_owned(),
            };
            format!("  skipped {because}: {}\n", of(cause).join(", "))
        })
        .collect()
}

/// What updates could not delete. They ended well; the resources stay, and cost, until somebody acts.
fn left_behind(outcome: &Outcome, palette: &Palette) -> String {
    let all =
        outcome.reports.iter().flat_map(|report| report.left_behind.iter().map(move |one| (report, one)));
    let told = all.map(|(report, one)| {
        let id = one.physical_id.as_deref().map(|id| format!(" {}", text::clean(id))).unwrap_or_default();
        let lead = palette.paint(Label::Warning, "left behind");
        let subject = format!("{}.{} ({}){id}", report.instance, one.resource, one.resource_type);
        let wrapped = text::wrap(&text::clean(&one.reason), 72);
        let reason: String = wrapped.iter().map(|line| format!("      {line}\n")).collect();
        let hint = palette.paint(Label::Hint, "hint");
        format!("  {lead}, outside its stack: {subject}\n{reason}    {hint}: {}\n", text::clean(&one.remedy))
    });
    told.collect()
}

fn counts(outcome: &Outcome) -> String {
    let reports = |wanted: fn(&UnitOutcome) -> bool| {
        outcome.reports.iter().filter(|report| wanted(&report.outcome)).count()
    };
    let done = reports(|outcome| matches!(outcome, UnitOutcome::Done));
    let unchanged = reports(|outcome| matches!(outcome, UnitOutcome::Unchanged));
    let left = reports(|outcome| matches!(outcome, UnitOutcome::LeftRunning));
    let failed = outcome.reports.len() - done - unchanged - left;
    let counted = [
        (done, "done"),
        (unchanged, "unchanged"),
        (failed, "failed"),
        (left, "left running"),
        (outcome.skipped.len(), "skipped"),
    ];
    let parts: Vec<String> = counted
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    if parts.is_empty() { "nothing was to do".to_owned() } else { parts.join(", ") }
}
