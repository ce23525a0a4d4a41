//! SQS: a dead-letter queue is of the same type as the queue it serves.

use serde_json::Value;

use super::{Resource, of_type};
use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::rules::PROPERTY_RELATION;
use crate::lint::scope::Scope;
use crate::lint::values::text;

/// Whether a queue is FIFO; `None` where it is not written out.
fn is_fifo(queue: &Value) -> Option<bool> {
    match queue.get("FifoQueue") {
        None => Some(false),
        Some(value) => text(value).map(|text| text.eq_ignore_ascii_case("true")),
    }
}

/// The queue whose ARN a value is.
fn named(value: &Value) -> Option<&str> {
    match value.get("Fn::GetAtt")? {
        Value::Array(parts) => parts.first()?.as_str(),
        Value::String(text) => text.strip_suffix(".Arn"),
        _ => None,
    }
}

/// Records dead-letter queues of the other type.
pub(super) fn check(scope: &Scope<'_>, report: &mut Report) {
    let queues: Vec<Resource<'_>> = of_type(scope, "AWS::SQS::Queue").collect();
    let path = Path::ROOT.key("Resources");
    for queue in &queues {
        let target = queue.properties.pointer("/RedrivePolicy/deadLetterTargetArn");
        let Some(name) = target.and_then(named) else { continue };
        let Some(other) = queues.iter().find(|other| other.name == name) else { continue };
        let (Some(own), Some(theirs)) = (is_fifo(queue.properties), is_fifo(other.properties)) else {
            continue;
        };
        if own != theirs {
            let kind = |is_fifo| if is_fifo { "a FIFO queue" } else { "a standard queue" };
            let path = path.key(queue.name);
            let path = path.key("Properties");
            let path = path.key("RedrivePolicy");
            report
                .value(
                    &PROPERTY_RELATION,
                    &path.key("deadLetterTargetArn"),
                    format!("this is {}, its dead-letter queue `{name}` is {}", kind(own), kind(theirs)),
                )
                .hint("give both the same `FifoQueue`");
        }
    }
}
