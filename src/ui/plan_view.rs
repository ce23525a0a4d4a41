//! A plan the way people know plans: `+` create, `~` update, `-/+` replace, `-` delete.

use crate::model::{Change, ChangeAction, Replacement};
use crate::plan::graph::{self, Graph};
use crate::plan::{ActionKind, Operation, ParameterChange, Plan, PlannedAction, PlannedValue, Reason};
use crate::ui::{Label, Palette, consequence_view, text};

/// How much of a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What changes, and what is kept for a reason worth knowing.
    Normal,
    /// Also what is kept, each new resource, and every parameter.
    Verbose,
}

/// The whole plan with its summary.
pub fn plan(plan: &Plan, detail: Detail, palette: &Palette) -> String {
    let mut shown = heading(plan, palette);
    for action in in_order(plan).into_iter().filter(|action| is_shown(action, detail)) {
        shown.push_str(&one(plan, action, detail, palette));
    }
    if !shown.is_empty() {
        shown.push('\n');
    }
    shown + &summary(plan) + "\n" + &consequence_view::warnings(plan, palette)
}

/// The actions in the order in which they can begin; a deploy deletes last.
fn in_order(plan: &Plan) -> Vec<&PlannedAction> {
    let needs: Graph =
        plan.actions.iter().map(|action| (action.instance.clone(), action.needs.clone())).collect();
    let mut order = graph::order(&needs).unwrap_or_else(|_| needs.keys().cloned().collect());
    if plan.operation == Operation::Teardown {
        order.reverse();
    }
    let (gone, rest): (Vec<_>, Vec<_>) = order
        .iter()
        .filter_map(|instance| plan.action(instance))
        .partition(|action| action.action == ActionKind::Delete && plan.operation == Operation::Deploy);
    rest.into_iter().chain(gone.into_iter().rev()).collect()
}

/// One line that counts what would be done.
pub fn summary(plan: &Plan) -> String {
    let kinds = [ActionKind::Create, ActionKind::Update, ActionKind::Replace, ActionKind::Delete];
    let todo: Vec<String> = kinds
        .into_iter()
        .filter(|kind| plan.count(*kind) > 0)
        .map(|kind| format!("{} to {}", plan.count(kind), kind.as_str()))
        .collect();
    let kept = kept_counts(plan);
    if todo.is_empty() {
        idle_summary(plan, &kept)
    } else {
        format!("Plan: {}.", [todo, kept].concat().join(", "))
    }
}

fn idle_summary(plan: &Plan, kept: &[String]) -> String {
    let environment = &plan.environment;
    match plan.operation {
        Operation::Teardown if plan.actions.is_empty() => {
            format!("Nothing to tear down: {environment} has no stacks.")
        }
        Operation::Teardown => format!("Nothing to tear down in {environment}: {}.", kept.join(", ")),
        Operation::Deploy if plan.actions.is_empty() => {
            format!("No changes: {environment} has no units and no stacks.")
        }
        Operation::Deploy => format!("No changes in {environment}: {}.", kept.join(", ")),
    }
}

/// `4 unchanged`, `2 not selected`, `1 kept`.
fn kept_counts(plan: &Plan) -> Vec<String> {
    let word = |action: &PlannedAction| match action.reasons.first() {
        Some(Reason::Unchanged) => "unchanged",
        Some(Reason::NotSelected) => "not selected",
        _ => "kept",
    };
    let kept = || plan.actions.iter().filter(|action| action.action == ActionKind::Keep);
    ["unchanged", "not selected", "kept"]
        .into_iter()
        .map(|wanted| (kept().filter(|action| word(action) == wanted).count(), wanted))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect()
}

/// The sign of an action, three columns wide.
pub fn sign(action: ActionKind) -> &'static str {
    match action {
        ActionKind::Create => "  +",
        ActionKind::Update => "  ~",
        ActionKind::Replace => "-/+",
        ActionKind::Delete => "  -",
        ActionKind::Keep => "   ",
    }
}

fn heading(plan: &Plan, palette: &Palette) -> String {
    if plan.is_empty() && plan.actions.iter().all(|action| !is_worth_knowing(action)) {
        return String::new();
    }
    let verb = match plan.operation {
        Operation::Deploy => "Deploy",
        Operation::Teardown => "Teardown",
    };
    let title = palette.paint(Label::Heading, format!("{verb} of {}", plan.environment));
    match &plan.release {
        Some(release) => format!("{title}, release {}\n\n", text::short(release)),
        None => format!("{title}\n\n"),
    }
}

fn is_shown(action: &PlannedAction, detail: Detail) -> bool {
    detail == Detail::Verbose || action.action != ActionKind::Keep || is_worth_knowing(action)
}

/// Kept, but not simply because nothing changed or nobody selected it.
fn is_worth_knowing(action: &PlannedAction) -> bool {
    action.action == ActionKind::Keep
        && !action.reasons.iter().all(|reason| matches!(reason, Reason::Unchanged | Reason::NotSelected))
}

fn one(plan: &Plan, action: &PlannedAction, detail: Detail, palette: &Palette) -> String {
    let label = Label::from(action.action);
    let lead = format!("{} {:<7}", sign(action.action), action.action.as_str());
    let reasons: Vec<String> = action
        .reasons
        .iter()
        .filter(|reason| is_told(action, reason))
        .map(|reason| told(plan, action, reason))
        .collect();
    let reasons = if is_left_standing(action) { vec![LEFT_STANDING.to_owned()] } else { reasons };
    let instance = palette.paint(Label::Heading, &action.instance);
    let mut shown = format!("{} {instance}", palette.paint(label, lead));
    if let ActionKind::Create | ActionKind::Replace = action.action {
        let made = text::count(action.changes.len(), "resource");
        shown.push_str(&palette.paint(Label::Faint, format!(" ({made})")));
    }
    match reasons.as_slice() {
        [only] if action.changes.is_empty() && action.parameters.is_empty() => {
            shown.push_str(&format!(": {only}\n"));
        }
        _ => {
            shown.push('\n');
            reasons.iter().for_each(|reason| shown.push_str(&format!("        {reason}\n")));
        }
    }
    if action.action == ActionKind::Delete {
        shown.push_str(&consequence_view::of_deletion(action));
    }
    if action.action == ActionKind::Update || detail == Detail::Verbose {
        for change in &action.changes {
            shown.push_str(&change_line(change, palette));
            let of = action.consequences.iter().find(|one| one.logical_id == change.logical_id);
            shown.push_str(&of.map(|of| consequence_view::line(of, palette)).unwrap_or_default());
        }
        action.parameters.iter().for_each(|change| shown.push_str(&parameter_line(plan, change)));
    }
    shown
}

/// What a unit is told that is gone from the source while nobody asked for pruning.
const LEFT_STANDING: &str = "gone from the source; with `--prune`, what is stateless is deleted";

fn is_left_standing(action: &PlannedAction) -> bool {
    action.action == ActionKind::Keep && action.reasons == [Reason::GoneFromSource]
}

/// A reason, with the way on where a deploy has none.
fn told(plan: &Plan, action: &PlannedAction, reason: &Reason) -> String {
    let (environment, unit) = (&plan.environment, &action.instance);
    match reason {
        Reason::TerminationProtected => format!(
            "{reason}: `rekindle teardown {environment} {unit} --lift-termination-protection {unit}` deletes it"
        ),
        _ => reason.to_string(),
    }
}

/// Parameters have lines of their own, and a creation needs no explanation.
fn is_told(action: &PlannedAction, reason: &Reason) -> bool {
    match reason {
        Reason::ParameterChanged { .. } | Reason::ParameterUnknown { .. } => false,
        Reason::Absent => action.action != ActionKind::Create,
        _ => true,
    }
}

fn change_line(change: &Change, palette: &Palette) -> String {
    let (label, sign) = match (change.action, change.replacement) {
        (ChangeAction::Add | ChangeAction::Import, _) => (Label::Create, "  +"),
        (ChangeAction::Remove, _) => (Label::Delete, "  -"),
        (_, Some(Replacement::Always)) => (Label::Replace, "-/+"),
        (ChangeAction::Modify, _) => (Label::Update, "  ~"),
        (ChangeAction::Dynamic, _) => (Label::Update, "  ?"),
    };
    let note = match (change.action, change.replacement) {
        (ChangeAction::Dynamic, _) => " (may be added or removed: its condition is known only then)",
        (ChangeAction::Modify, Some(Replacement::Always)) => " (replacement)",
        (ChangeAction::Modify, Some(Replacement::Conditional)) => " (may be replaced)",
        _ => "",
    };
    let sign = palette.paint(label, sign);
    let mut shown = format!("      {sign} {} {}{note}\n", change.logical_id, change.resource_type);
    change.paths.iter().for_each(|path| shown.push_str(&format!("            {path}\n")));
    shown
}

fn parameter_line(plan: &Plan, change: &ParameterChange) -> String {
    let from = change.from.as_deref().map(quoted);
    let to = match &change.to {
        PlannedValue::Known(value) => quoted(value),
        PlannedValue::Secret => "(secret)".to_owned(),
        PlannedValue::Removed => "(removed)".to_owned(),
        PlannedValue::Unknown(output) => {
            let action = plan.action(&output.instance).map(|provider| provider.action);
            let done = match action {
                Some(ActionKind::Create) => "created",
                Some(ActionKind::Replace) => "replaced",
                _ => "updated",
            };
            format!("(known after {} is {done})", output.instance)
        }
    };
    match from {
        Some(from) => format!("        parameter {}: {from} -> {to}\n", change.name),
        None => format!("        parameter {}: {to}\n", change.name),
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", text::truncate(&text::clean(value), 60))
}
