//! Which copies let a unit with data go.

use jiff::Timestamp;
use serde_json::json;

use crate::model::{Class, DesiredUnit, Protection, RestorePoint};
use crate::plan::fixture::{Vary, deployed, instance, seen, stack, teardown_context, told, unit};
use crate::plan::{Consent, Observation, RestoreTerms, TeardownContext, check, restorable, teardown};

const DAY: u64 = 86_400;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn point(created: &str, is_complete: bool) -> RestorePoint {
    RestorePoint { created: at(created), id: format!("arn:point:{created}"), is_complete }
}

/// A table and a queue, of this class.
fn holder(class: Class) -> DesiredUnit {
    let mut made = unit("data").class(class);
    made.template["Resources"] =
        json!({"Items": {"Type": "AWS::DynamoDB::Table"}, "Queue": {"Type": "AWS::SNS::Topic"}});
    made
}

/// Made on the 1st, looked at at noon of the 20th.
fn context() -> TeardownContext {
    let restore = Some(RestoreTerms { within_seconds: DAY, now: at("2026-11-20T12:00:00Z") });
    TeardownContext { restore, ..teardown_context(Protection::Standard) }
}

fn with(made: &DesiredUnit, resource: &str, points: Vec<RestorePoint>) -> Observation {
    let mut observation = deployed(std::slice::from_ref(made));
    seen(&mut observation, "data").created = Some(at("2026-11-01T00:00:00Z"));
    observation.restore_points.insert((stack(made).id, resource.to_owned()), points);
    observation
}

fn planned(made: &DesiredUnit, resource: &str, points: Vec<RestorePoint>) -> String {
    told(&teardown(&context(), &with(made, resource, points)).unwrap()).remove(0)
}

const KEPT: &str = "keep data: class `data` is kept: no whole restore point of the last 1d of `Items`";
const GOES: &str = "delete data: torn down; what it holds is in restore points of the last 1d";

#[test]
fn only_a_whole_young_copy_of_the_resource_itself_counts() {
    let made = &holder(Class::Data);
    for (resource, points, expected) in [
        ("Items", vec![], KEPT),
        ("Items", vec![point("2026-11-20T09:00:00Z", true)], GOES),
        ("Items", vec![point("2026-11-19T12:00:00Z", true)], GOES),
        ("Items", vec![point("2026-11-19T11:59:59Z", true)], KEPT),
        ("Items", vec![point("2026-11-20T09:00:00Z", false)], KEPT),
        ("Queue", vec![point("2026-11-20T09:00:00Z", true)], KEPT),
    ] {
        assert_eq!(planned(made, resource, points.clone()), expected, "{resource} {points:?}");
    }
}

#[test]
fn a_copy_from_before_the_stack_is_of_something_else() {
    let made = holder(Class::Data);
    let mut observation = with(&made, "Items", vec![point("2026-11-20T09:00:00Z", true)]);
    seen(&mut observation, "data").created = Some(at("2026-11-20T10:00:00Z"));
    assert_eq!(told(&teardown(&context(), &observation).unwrap()), [KEPT]);
}

#[test]
fn the_newest_is_told_and_the_plan_stands_up_to_the_check() {
    let points = ["2026-11-20T01:00:00Z", "2026-11-20T11:00:00Z", "2026-11-20T09:00:00Z"];
    let points = points.map(|created| point(created, true)).to_vec();
    let mut plan = teardown(&context(), &with(&holder(Class::Data), "Items", points)).unwrap();
    let found = plan.actions[0].consequences[0].restore_point.clone().unwrap();
    assert_eq!((found.id.as_str(), found.age_seconds), ("arn:point:2026-11-20T11:00:00Z", 3_600));
    plan.actions[0].consequences[0].restore_point = None;
    assert!(check(&plan).is_err(), "a plan from which the copy was taken out deletes what is kept");
}

#[test]
fn a_permanent_unit_stays_whatever_copies_there_are() {
    let points = vec![point("2026-11-20T09:00:00Z", true)];
    assert_eq!(planned(&holder(Class::Permanent), "Items", points), "keep data: class `permanent` is kept");
}

#[test]
fn consent_needs_no_copy_and_what_nobody_knows_is_kept() {
    let made = holder(Class::Data);
    let mut observation = with(&made, "Items", Vec::new());
    let mut consented = context();
    consented.consents.give(Consent::DeleteData, instance("data"));
    let goes = ["delete data: torn down; asked for by `--delete-data`"];
    assert_eq!(told(&teardown(&consented, &observation).unwrap()), goes);
    observation.templates.clear();
    let kept = ["keep data: class `data` is kept: nobody knows what it holds"];
    assert_eq!(told(&teardown(&context(), &observation).unwrap()), kept);
}

#[test]
fn a_unit_that_was_named_is_refused_with_what_to_do() {
    let selected = Some([instance("data")].into());
    let error =
        teardown(&TeardownContext { selected, ..context() }, &with(&holder(Class::Data), "Items", vec![]));
    let hint = error.unwrap_err().obstacles[0].hint();
    assert!(hint.contains("aws backup start-backup-job") && hint.contains("--delete-data data"), "{hint}");
}

#[test]
fn members_of_a_cluster_hold_nothing_of_their_own_and_a_snapshot_is_enough() {
    let mut made = holder(Class::Data);
    let member = json!({"DBClusterIdentifier": {"Ref": "Items"}});
    made.template["Resources"] = json!({
        "Items": {"Type": "AWS::RDS::DBCluster", "DeletionPolicy": "Delete"},
        "Member": {"Type": "AWS::RDS::DBInstance", "Properties": member},
        "Lonely": {"Type": "AWS::RDS::DBInstance", "DeletionPolicy": "Snapshot"},
    });
    assert_eq!(planned(&made, "Items", vec![point("2026-11-20T09:00:00Z", true)]), GOES);
    assert_eq!(planned(&made, "Member", vec![point("2026-11-20T09:00:00Z", true)]), KEPT);
}

#[test]
fn copies_are_looked_for_of_what_is_lost_by_its_arn() {
    let made = holder(Class::Data);
    let mut observation = with(&made, "Items", Vec::new());
    let id = stack(&made).id;
    let listed = ["Items", "Queue"].map(|logical_id| crate::model::StackResource {
        logical_id: logical_id.to_owned(),
        physical_id: Some("mine".to_owned()),
        resource_type: if logical_id == "Items" { "AWS::DynamoDB::Table" } else { "AWS::SNS::Topic" }
            .to_owned(),
        status: "CREATE_COMPLETE".to_owned(),
        reason: None,
    });
    observation.resources.insert(id.clone(), listed.to_vec());
    let TeardownContext { project, environment, .. } = context();
    let asked = restorable(&project, &environment, &observation);
    let arns: Vec<(&str, &str)> =
        asked[&id].iter().map(|(logical_id, arn)| (logical_id.as_str(), arn.as_str())).collect();
    assert_eq!(arns, [("Items", "arn:aws:dynamodb:eu-central-1:000000000000:table/mine")]);
}
