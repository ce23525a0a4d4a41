//! Values that belong together, in one resource or in several, and contradict each other.
//!
//! Judged are values that are written out; what comes from functions is let pass. Sources are the
//! pages of the types in the CloudFormation template reference.

mod networks;
mod queues;
mod sizes;
mod tables;

use serde_json::Value;

use crate::lint::path::Path;
use crate::lint::quota::RESOURCES_AT_MOST;
use crate::lint::report::Report;
use crate::lint::scope::Scope;
use crate::lint::worlds::can_be;

/// One resource of a type, with its properties.
struct Resource<'a> {
    name: &'a str,
    /// Its condition, if it has one.
    condition: Option<&'a str>,
    properties: &'a Value,
}

/// Records contradictions.
pub(super) fn check(scope: &Scope<'_>, report: &mut Report) {
    // Where there are more than can be deployed, that is told, and comparing all of them takes long.
    let count = scope.section("Resources").map_or(0, serde_json::Map::len);
    if scope.is_foreign || count > RESOURCES_AT_MOST {
        return;
    }
    for resource in of_type(scope, "AWS::DynamoDB::Table") {
        within(&resource, report, tables::check);
    }
    for resource in of_type(scope, "AWS::AutoScaling::AutoScalingGroup") {
        within(&resource, report, sizes::group);
    }
    for resource in of_type(scope, "AWS::Lambda::Function") {
        within(&resource, report, sizes::environment);
    }
    for resource in of_type(scope, "AWS::Backup::BackupPlan") {
        within(&resource, report, sizes::backup);
    }
    queues::check(scope, report);
    networks::check(scope, report);
}

fn of_type<'a>(scope: &Scope<'a>, kind: &'static str) -> impl Iterator<Item = Resource<'a>> {
    scope.entries("Resources").filter_map(move |(name, resource)| {
        let properties = resource.get("Properties")?;
        let condition = resource.get("Condition").and_then(Value::as_str);
        (resource["Type"] == kind).then_some(Resource { name, condition, properties })
    })
}

fn within(resource: &Resource<'_>, report: &mut Report, judge: fn(&Value, &Path<'_>, &mut Report)) {
    let path = Path::ROOT.key("Resources");
    let path = path.key(resource.name);
    judge(resource.properties, &path.key("Properties"), report);
}

/// Whether two resources can be there at once.
fn meet(scope: &Scope<'_>, one: &Resource<'_>, other: &Resource<'_>) -> bool {
    let conditions = [one.condition, other.condition];
    let asked: Vec<_> = conditions.into_iter().flatten().map(|name| (name.to_owned(), true)).collect();
    asked.is_empty() || can_be(scope, &asked) == Some(true)
}
