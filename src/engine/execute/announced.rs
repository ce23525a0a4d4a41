//! Nothing unannounced: a change set against the plan. Pure.
//!
//! - A removal must be a removal in the plan, or one that the plan says may come with a condition
//!   that nobody could know yet.
//! - A replacement must be announced: the plan says that the resource is, or may be, replaced.
//!   A modification of which the plan does not know whether it replaces is no announcement, unless
//!   the user consented to replacements in this unit.
//! - A replacement that depends on values known only at execution must be announced likewise for
//!   units of class `data` and `permanent`. For stateless units it passes: CloudFormation calls
//!   every reference to a changed resource conditional, and hardly any comes true. It passes as well
//!   where the plan changes the resource in place and says that CloudFormation will call exactly these
//!   properties conditional.
//! - An import, or something the change set itself cannot name, must at least be a resource that the
//!   plan changes.
//! - New resources and modifications in place pass: they destroy nothing, and a changed tag touches
//!   every resource.

use crate::model::{Change, ChangeAction, Class, Replacement};
use crate::plan::{Consent, PlannedAction};

/// What the change set would do that the plan did not announce, one sentence each.
pub(super) fn unannounced(action: &PlannedAction, changes: &[Change]) -> Vec<String> {
    let is_precious = action.class != Some(Class::Stateless);
    let consented = action.has_consent(Consent::AllowReplacement);
    changes
        .iter()
        .filter(|change| !(consented && change.action == ChangeAction::Modify))
        .filter_map(|change| sentence(change, planned(action, change), is_precious))
        .collect()
}

fn planned<'p>(action: &'p PlannedAction, change: &Change) -> Option<&'p Change> {
    action.changes.iter().find(|planned| planned.logical_id == change.logical_id)
}

fn sentence(change: &Change, planned: Option<&Change>, is_precious: bool) -> Option<String> {
    let may_replace = planned.is_some_and(|planned| {
        matches!(planned.replacement, Some(Replacement::Always | Replacement::Conditional))
    });
    let (is_announced, what) = match (change.action, change.replacement) {
        (ChangeAction::Remove, _) => {
            let announced = [ChangeAction::Remove, ChangeAction::Dynamic];
            (planned.is_some_and(|planned| announced.contains(&planned.action)), "would be removed")
        }
        (ChangeAction::Modify, Some(Replacement::Always)) => (may_replace, "would be replaced"),
        (ChangeAction::Modify, Some(Replacement::Conditional)) => {
            let is_in_place = planned.is_some_and(|planned| is_in_place(planned, change));
            (may_replace || is_in_place || !is_precious, "might be replaced")
        }
        (ChangeAction::Dynamic, _) => (planned.is_some(), "would be changed in a way known only then"),
        (ChangeAction::Import, _) => (planned.is_some(), "would be imported"),
        (ChangeAction::Add | ChangeAction::Modify, _) => (true, ""),
    };
    let (id, kind) = (&change.logical_id, &change.resource_type);
    (!is_announced).then(|| format!("`{id}` ({kind}) {what}, which the plan does not announce"))
}

/// Whether a change set leaves open what the plan knows: every property that it says may replace.
fn is_in_place(planned: &Change, change: &Change) -> bool {
    planned.replacement == Some(Replacement::Never)
        && !change.replacing.is_empty()
        && change.replacing.iter().all(|path| planned.replacing.contains(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::{stack, unit};
    use crate::plan::{ActionKind, Reason};

    fn change(action: ChangeAction, replacement: Option<Replacement>) -> Change {
        let (logical_id, resource_type) = ("Database".to_owned(), "AWS::RDS::DBInstance".to_owned());
        Change { action, logical_id, resource_type, replacement, paths: Vec::new(), replacing: Vec::new() }
    }

    fn action(class: Class, planned: Option<Change>) -> PlannedAction {
        let desired = unit("data");
        let observed = Some(stack(&desired).into());
        PlannedAction {
            instance: desired.instance().clone(),
            action: ActionKind::Update,
            stack: desired.stack.clone(),
            class: Some(class),
            reasons: Vec::new(),
            changes: planned.into_iter().collect(),
            consequences: Vec::new(),
            changing_outputs: std::collections::BTreeSet::new(),
            protected: Vec::new(),
            emptied: Vec::new(),
            parameters: Vec::new(),
            needs: desired.needs.clone(),
            desired: Some(desired.into()),
            observed,
        }
    }

    #[test]
    fn every_destructive_change_needs_its_announcement() {
        use ChangeAction::{Add, Dynamic, Modify, Remove};
        use Replacement::{Always, Conditional, Never};
        let (stateless, data) = (Class::Stateless, Class::Data);
        let table = [
            (stateless, (Remove, None), None, false),
            (stateless, (Remove, None), Some((Modify, None)), false),
            (stateless, (Remove, None), Some((Remove, None)), true),
            (data, (Remove, None), Some((Dynamic, None)), true),
            (stateless, (Modify, Some(Always)), None, false),
            (stateless, (Modify, Some(Always)), Some((Modify, None)), false),
            (stateless, (Modify, Some(Always)), Some((Modify, Some(Never))), false),
            (stateless, (Modify, Some(Always)), Some((Modify, Some(Conditional))), true),
            (stateless, (Modify, Some(Always)), Some((Modify, Some(Always))), true),
            (stateless, (Modify, Some(Conditional)), None, true),
            (data, (Modify, Some(Conditional)), None, false),
            (data, (Modify, Some(Conditional)), Some((Modify, Some(Conditional))), true),
            (data, (Modify, Some(Never)), None, true),
            (data, (Add, None), None, true),
            (stateless, (Dynamic, None), None, false),
            (stateless, (Dynamic, None), Some((Modify, None)), true),
        ];
        for (class, found, planned, passes) in table {
            let action = action(class, planned.map(|(action, replacement)| change(action, replacement)));
            let sentences = unannounced(&action, &[change(found.0, found.1)]);
            assert_eq!(sentences.is_empty(), passes, "{class} {found:?} {planned:?}: {sentences:?}");
        }
    }

    #[test]
    fn what_the_plan_knows_to_stay_in_place_may_be_called_conditional() {
        let with = |replacement, replacing: &[&str]| Change {
            replacing: replacing.iter().map(|path| (*path).to_owned()).collect(),
            ..change(ChangeAction::Modify, Some(replacement))
        };
        let planned = with(Replacement::Never, &["Properties.MultiAZ"]);
        let cases = [
            (with(Replacement::Conditional, &["Properties.MultiAZ"]), true),
            (with(Replacement::Conditional, &["Properties.Engine", "Properties.MultiAZ"]), false),
            (with(Replacement::Conditional, &[]), false),
            (with(Replacement::Always, &["Properties.MultiAZ"]), false),
        ];
        for (found, passes) in cases {
            let action = action(Class::Data, Some(planned.clone()));
            assert_eq!(unannounced(&action, std::slice::from_ref(&found)).is_empty(), passes, "{found:?}");
        }
    }

    #[test]
    fn consent_covers_replacements_and_no_removal() {
        let mut action = action(Class::Data, None);
        action.reasons.push(Reason::Consented { consent: Consent::AllowReplacement });
        let replaced = change(ChangeAction::Modify, Some(Replacement::Always));
        assert_eq!(unannounced(&action, &[replaced]), Vec::<String>::new());
        assert_eq!(unannounced(&action, &[change(ChangeAction::Remove, None)]).len(), 1);
    }
}
