//! Change sets: a dry run of an update over the resources as they are.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue;
use crate::local::answers::Answers;
use crate::local::context::{Context, PrepareError};
use crate::local::operation::Work;
use crate::local::operation::decide::{
    Basis, Decision, as_it_is, decide, property, replacement as replacement_by,
};
use crate::local::operation::outputs;
use crate::local::stack::{ChangeSetKind, ChangeSetState, Stack};
use crate::local::{evaluate::EvaluateError, exports::Exports, graph, resource::Resource};
use crate::model::{Change, ChangeAction, Replacement};

/// Why an update cannot even be previewed.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The template or its values.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// A property or an output.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// What an import may not do.
    #[error("{0}")]
    Import(String),
}

/// What an update would do.
#[derive(Debug)]
pub struct Preview {
    /// Per resource, sorted by logical id.
    pub changes: Vec<Change>,
    /// Whether an output or its export differs.
    pub outputs_differ: bool,
    /// What there would be.
    pub resources: BTreeMap<String, Resource>,
}

impl Preview {
    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.outputs_differ
    }
}

/// Runs an update of `stack` dry.
///
/// Ids and attributes are functions of what they belong to, so the dry run computes exactly the
/// values the update will. A replacement that only follows from another resource's change is still
/// shown as conditional, as CloudFormation shows it, because it evaluates such values late.
///
/// # Errors
/// [`PreviewError`] when a value cannot be computed.
pub fn preview(
    stack: &Stack,
    context: &Context,
    tags: &BTreeMap<String, String>,
    (exports, answers): (&Exports, &Answers),
    reverts_drift: bool,
) -> Result<Preview, PreviewError> {
    let owner = stack.owner(stack.generation + 1);
    let basis = Basis { context, tags, exports, answers, owner, reverts_drift };
    let mut resources = stack.resources.clone();
    let mut changes = Vec::new();
    let mut changed = BTreeSet::new();
    let order =
        graph::order(&context.dependencies).map_err(|cycle| PrepareError::Circular(cycle.join(", ")))?;
    for logical_id in order {
        let decision = decide(basis, &resources, &logical_id)?;
        let there = resources.get(&logical_id);
        let drifted = there.filter(|_| reverts_drift).and_then(|it| as_it_is(it, decision.wanted()));
        if let Some(change) = change(context, &logical_id, drifted.as_ref().or(there), &decision, &changed) {
            changes.push(change);
            changed.insert(logical_id.clone());
        }
        resources.insert(logical_id, decision.resource());
    }
    for (logical_id, resource) in &stack.resources {
        if !context.dependencies.contains_key(logical_id) {
            changes.push(line(ChangeAction::Remove, logical_id, resource));
            resources.remove(logical_id);
        }
    }
    changes.sort();
    changes.sort_by(|one, other| one.logical_id.cmp(&other.logical_id));
    let (outputs, _) = outputs(context, &resources, exports)?;
    Ok(Preview { changes, outputs_differ: outputs != stack.outputs, resources })
}

fn line(action: ChangeAction, logical_id: &str, resource: &Resource) -> Change {
    Change {
        action,
        logical_id: logical_id.to_owned(),
        resource_type: resource.resource_type.clone(),
        replacement: None,
        paths: Vec::new(),
        replacing: Vec::new(),
    }
}

fn change(
    context: &Context,
    logical_id: &str,
    current: Option<&Resource>,
    decision: &Decision,
    changed: &BTreeSet<String>,
) -> Option<Change> {
    let by_property = |resource: &Resource, property: &str| {
        current.map_or(catalogue::Replacement::Never, |current| replacement_by(current, resource, property))
    };
    match decision {
        Decision::Keep(_) => None,
        Decision::Create(resource) => Some(line(ChangeAction::Add, logical_id, resource)),
        Decision::Update(resource, paths) => {
            let by_property = |property: &str| by_property(resource, property);
            Some(modified(logical_id, resource, paths, in_place(paths, by_property), by_property))
        }
        Decision::Replace(resource, paths) => {
            let by_property = |property: &str| by_property(resource, property);
            let replacement = replacement(context, logical_id, paths, changed, by_property);
            Some(modified(logical_id, resource, paths, replacement, by_property))
        }
    }
}

fn modified(
    logical_id: &str,
    resource: &Resource,
    paths: &[String],
    replacement: Replacement,
    by_property: impl Fn(&str) -> catalogue::Replacement,
) -> Change {
    let replaces = |path: &&String| {
        property(path).is_some_and(|property| by_property(property) != catalogue::Replacement::Never)
    };
    let is_open = replacement == Replacement::Conditional;
    Change {
        replacement: Some(replacement),
        paths: paths.to_vec(),
        replacing: paths.iter().filter(|_| is_open).filter(replaces).cloned().collect(),
        ..line(ChangeAction::Modify, logical_id, resource)
    }
}

/// Source: CloudFormation API reference, `ResourceChange.Replacement`: conditional where the value
/// is evaluated only during the update because it depends on another resource that changes.
fn replacement(
    context: &Context,
    logical_id: &str,
    paths: &[String],
    changed: &BTreeSet<String>,
    by_property: impl Fn(&str) -> catalogue::Replacement,
) -> Replacement {
    let properties = &context.template.resources[logical_id].properties;
    let is_late = |property: &str| {
        let value = properties.get(property);
        value.is_some_and(|value| !context.refers_to(value).is_disjoint(changed))
    };
    let mut causes = paths.iter().filter_map(|path| property(path));
    if causes.any(|property| by_property(property) == catalogue::Replacement::Always && !is_late(property)) {
        Replacement::Always
    } else {
        Replacement::Conditional
    }
}

/// A change in place: conditional where the schema says that some changes of a property replace.
fn in_place(paths: &[String], by_property: impl Fn(&str) -> catalogue::Replacement) -> Replacement {
    let mut properties = paths.iter().filter_map(|path| property(path));
    if properties.any(|property| by_property(property) == catalogue::Replacement::Conditional) {
        Replacement::Conditional
    } else {
        Replacement::Never
    }
}

impl Work<'_> {
    /// Computes a pending change set.
    pub(super) fn compute_change_set(&mut self, id: &str) {
        let Some(pending) = self.stack.change_sets.get(id) else { return };
        let body = pending.body.clone();
        let kind = pending.kind.clone();
        let preview = match &kind {
            ChangeSetKind::Update | ChangeSetKind::Create => self.preview(&body, false),
            ChangeSetKind::RevertDrift => self.preview(&body, true),
            ChangeSetKind::Adopt => self.preview_adoption(&body),
            ChangeSetKind::Import(imports) => self.preview_import(&body, imports),
        };
        let state = match preview {
            Ok(preview)
                if preview.is_empty() && [ChangeSetKind::Create, ChangeSetKind::Adopt].contains(&kind) =>
            {
                ChangeSetState::Ready(preview.changes)
            }
            Ok(preview) if preview.is_empty() => ChangeSetState::Empty,
            Ok(preview) => ChangeSetState::Ready(preview.changes),
            Err(error) => ChangeSetState::Failed(error.to_string()),
        };
        if let Some(pending) = self.stack.change_sets.get_mut(id) {
            pending.state = state;
        }
    }

    /// An import may add what it imports, and nothing else may change with it.
    fn preview_import(
        &self,
        body: &crate::local::context::Body,
        imports: &BTreeMap<String, String>,
    ) -> Result<Preview, PreviewError> {
        let mut preview = self.preview(body, false)?;
        for change in &mut preview.changes {
            if change.action == ChangeAction::Add && imports.contains_key(&change.logical_id) {
                change.action = ChangeAction::Import;
            }
        }
        let is_other = |change: &&Change| change.action != ChangeAction::Import;
        if let Some(other) = preview.changes.iter().find(is_other) {
            let message = format!(
                "As part of the import operation, you cannot modify or add resources: [{}]",
                other.logical_id
            );
            return Err(PreviewError::Import(message));
        }
        if preview.outputs_differ {
            let message = "As part of the import operation, you cannot modify or add [Outputs]";
            return Err(PreviewError::Import(message.to_owned()));
        }
        Ok(preview)
    }

    /// What exists already is taken in, where that can be; everything else is made.
    fn preview_adoption(&self, body: &crate::local::context::Body) -> Result<Preview, PreviewError> {
        let context = Context::of_body(body, self.stack.pseudo(&body.notifications))?;
        let mut preview = self.preview(body, false)?;
        for change in preview.changes.iter_mut().filter(|change| change.action == ChangeAction::Add) {
            let wanted = &preview.resources[&change.logical_id];
            if self.is_adoptable(&context, &change.logical_id, wanted) {
                change.action = ChangeAction::Import;
            }
        }
        Ok(preview)
    }

    pub(super) fn preview(
        &self,
        body: &crate::local::context::Body,
        reverts_drift: bool,
    ) -> Result<Preview, PreviewError> {
        let context = Context::of_body(body, self.stack.pseudo(&body.notifications))?;
        preview(self.stack, &context, &body.tags, (self.exports, self.answers), reverts_drift)
    }
}
