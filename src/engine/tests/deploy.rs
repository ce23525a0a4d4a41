//! Walks up and down.

use serde_json::json;

use super::*;
use crate::model::{Class, Protection};
use crate::plan::fixture::{Vary as _, environment, instance};

#[tokio::test]
async fn providers_come_first_and_a_second_deploy_finds_nothing_to_do() {
    let mut world = World::new(Habits::default());
    let outcome = world.deploy(&environment()).await;
    assert_eq!(told(&outcome), ["keys done", "network done", "data done", "web done"]);
    assert_eq!(outcome.seconds, 30.0, "three in a row of ten seconds each");
    assert!(world.plan(&environment()).await.is_empty());
    assert!(world.verify(&environment()).await.is_equal());
}

#[tokio::test]
async fn outputs_reach_the_parameters_of_dependants() {
    let mut world = World::new(Habits::default());
    world.deploy(&environment()).await;
    let observation = world.observe(&[]).await;
    let stacks = &observation.stacks[&TargetName::primary()];
    let data = stacks.iter().find(|stack| stack.name == "fieldbook-demo-data").unwrap();
    assert_eq!(data.parameters["KeyArn"], "arn:fieldbook-demo-keys");
}

#[tokio::test]
async fn dependants_of_a_failure_are_skipped_and_the_rest_is_finished() {
    let mut world = World::new(Habits::default());
    let units = vec![
        unit("keys").failing("key limit exceeded"),
        unit("data").after("keys"),
        unit("web").after("data"),
        unit("network").seconds(60.0),
        unit("mail").after("network"),
    ];
    let outcome = world.deploy(&units).await;
    assert_eq!(
        told(&outcome),
        [
            "keys rolled back: key limit exceeded",
            "network done",
            "mail done",
            "data skipped because of keys",
            "web skipped because of keys",
        ]
    );
    let UnitOutcome::RolledBack { cause } = &outcome.reports[0].outcome else { panic!() };
    assert_eq!(cause.resource.as_deref(), Some("Topic"));
}

#[tokio::test]
async fn what_was_rolled_back_is_replaced_by_the_next_deploy() {
    let mut world = World::new(Habits::default());
    world.deploy(&[unit("keys").failing("limit")]).await;
    let units = [unit("keys")];
    let plan = world.plan(&units).await;
    assert_eq!(plan.actions[0].action, plan::ActionKind::Replace);
    let outcome = world.execute(&plan, &Stop::never()).await;
    assert_eq!(told(&outcome), ["keys done"]);
    assert!(world.plan(&units).await.is_empty());
}

#[tokio::test]
async fn no_more_than_jobs_are_worked_on_at_once() {
    for jobs in [1, 2, 5] {
        let mut world = World::new(Habits::default());
        world.options.jobs = jobs;
        let units: Vec<_> = (0..12).map(|number| unit(&format!("unit-{number}"))).collect();
        assert!(is_done(&world.deploy(&units).await));
        assert_eq!(world.fake.state().most_at_once, jobs);
    }
}

#[tokio::test]
async fn the_longest_path_starts_first() {
    let mut world = World::new(Habits::default());
    world.options.jobs = 1;
    world.options.weights = [(instance("c"), 100.0)].into();
    let units = [unit("a"), unit("b"), unit("c").after("b")];
    world.deploy(&units).await;
    assert_eq!(world.fake.state().begun, ["fieldbook-demo-b", "fieldbook-demo-c", "fieldbook-demo-a"]);
}

#[tokio::test]
async fn a_teardown_goes_the_other_way_and_leaves_nothing() {
    let mut world = World::new(Habits::default());
    world.deploy(&environment()).await;
    world.fake.state().begun.clear();
    let outcome = world.teardown().await;
    assert!(is_done(&outcome), "{:?}", told(&outcome));
    let begun = world.fake.state().begun.clone();
    assert_eq!(begun[..2], ["fieldbook-demo-web", "fieldbook-demo-data"], "then the other two, in any order");
    assert!(world.observe(&[]).await.stacks[&TargetName::primary()].is_empty());
}

#[tokio::test]
async fn a_stuck_deletion_keeps_what_it_needs() {
    let mut world = World::new(Habits::default());
    world.deploy(&[unit("network"), unit("data").after("network").property("Stuck", json!(true))]).await;
    let outcome = world.teardown().await;
    assert_eq!(told(&outcome), ["data needs hands: is not empty", "network skipped because of data"]);
}

#[tokio::test]
async fn a_unit_gone_from_the_source_goes_after_those_that_needed_it() {
    let mut world = World::new(Habits::default());
    world.deploy(&[unit("old"), unit("web").reads("Old", "old"), unit("gone").after("old")]).await;
    world.fake.state().begun.clear();
    let outcome = world.deploy(&[unit("web").seconds(50.0)]).await;
    assert_eq!(told(&outcome), ["gone done", "web done", "old done"]);
}

#[tokio::test]
async fn protection_that_the_plan_saw_is_lifted_and_later_protection_is_respected() {
    let protected = DesiredUnit { termination_protection: true, ..unit("keys") };
    let mut world = World::new(Habits::default());
    world.deploy(&[protected, unit("data")]).await;
    let observation = world.observe(&[]).await;
    let mut context = teardown_context(Protection::Disposable);
    context.consents.give(plan::Consent::LiftTerminationProtection, instance("keys"));
    let plan = plan::teardown(&context, &observation).unwrap();
    let id = plan.action(&instance("data")).unwrap().observed.as_ref().unwrap().id.clone();
    crate::port::CloudFormation::set_termination_protection(&*world.fake, &id, true).await.unwrap();
    let outcome = world.execute(&plan, &Stop::never()).await;
    let told = told(&outcome);
    assert!(told.contains(&"keys done".to_owned()), "{told:?}");
    assert!(told.contains(&"data needs hands: DeleteStack: TerminationProtection".to_owned()), "{told:?}");
}

#[tokio::test]
async fn a_missing_output_is_named_and_nothing_is_made() {
    let mut world = World::new(Habits::default());
    let mut bare = unit("network").class(Class::Stateless);
    bare.template.as_object_mut().unwrap().remove("Outputs");
    let outcome = world.deploy(&[bare, unit("web").reads("Subnets", "network")]).await;
    assert_eq!(told(&outcome), ["network done", "web needs hands: output `network.Arn` does not exist"]);
    assert_eq!(world.calls("CreateStack"), 1);
}
