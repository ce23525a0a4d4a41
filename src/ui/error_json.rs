//! Errors for programs: the same as people read, as fields.

use std::error::Error;

use serde_json::{Value, json};

use crate::model::Diagnostics;
use crate::plan::PlanError;

/// Problems of the source: the first one's fields, and all of them.
pub fn diagnostics(problems: &Diagnostics) -> Value {
    let first = problems.0.first();
    json!({
        "code": first.map(|problem| problem.code),
        "message": first.map(|problem| &problem.message),
        "place": first.and_then(|problem| problem.place.as_ref()),
        "causes": [],
        "hint": first.and_then(|problem| problem.hint.as_ref()),
        "diagnostics": problems.0,
    })
}

/// What stands in the way of a plan: the first obstacle's advice, and every obstacle with its own.
pub fn plan(error: &PlanError) -> Value {
    let obstacles: Vec<Value> = error
        .obstacles
        .iter()
        .map(|obstacle| json!({"message": obstacle.to_string(), "hint": obstacle.hint()}))
        .collect();
    json!({
        "code": "no-plan",
        "message": error.to_string(),
        "place": null,
        "causes": [],
        "hint": error.obstacles.first().map(|obstacle| obstacle.hint()),
        "obstacles": obstacles,
    })
}

/// An error with its causes, outermost first.
pub fn chain(error: &(dyn Error + 'static), code: &str, hint: Option<&str>) -> Value {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    json!({"code": code, "message": error.to_string(), "place": null, "causes": causes, "hint": hint})
}
