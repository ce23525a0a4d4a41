//! A plan for programs. Fields may be added; none goes or changes its meaning under one schema.

use serde_json::{Value, json};

use crate::plan::{ActionKind, MissingConsent, Plan, PlannedAction, missing_consents};
use crate::ui::SCHEMA;

/// The document that `plan --output json` prints.
pub fn plan(plan: &Plan) -> Value {
    json!({
        "schema": SCHEMA,
        "environment": plan.environment,
        "operation": plan.operation,
        "release": plan.release,
        "deployment": plan.deployment,
        "actions": plan.actions.iter().map(action).collect::<Vec<_>>(),
        "needs_consent": missing_consents(plan).iter().map(consent).collect::<Vec<_>>(),
        "summary": {
            "create": plan.count(ActionKind::Create),
            "update": plan.count(ActionKind::Update),
            "replace": plan.count(ActionKind::Replace),
            "delete": plan.count(ActionKind::Delete),
            "keep": plan.count(ActionKind::Keep),
        },
    })
}

fn consent(missing: &MissingConsent<'_>) -> Value {
    json!({
        "unit": missing.instance.unit,
        "target": missing.instance.target,
        "option": missing.consent.option(),
        "resources": missing.consequences.iter().map(|one| &one.logical_id).collect::<Vec<_>>(),
    })
}

fn action(action: &PlannedAction) -> Value {
    json!({
        "unit": action.instance.unit,
        "target": action.instance.target,
        "stack": action.stack,
        "action": action.action,
        "class": action.class,
        "reason": action.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        "reasons": action.reasons,
        "changes": action.changes,
        "consequences": action.consequences,
        "changing_outputs": action.changing_outputs,
        "parameters": action.parameters,
        "needs": action.needs,
    })
}
