//! Updates: announced, unannounced, empty, and taken back.

use serde_json::json;

use super::*;
use crate::model::{Binding, Replacement};
use crate::plan::fixture::Vary as _;

fn pair() -> [DesiredUnit; 2] {
    [unit("network"), unit("web").reads("Subnets", "network")]
}

#[tokio::test]
async fn a_dependant_whose_values_come_out_equal_is_left_alone() {
    let mut world = World::new(Habits::default());
    world.deploy(&pair()).await;
    let [network, web] = pair();
    let outcome = world.deploy(&[network.display_name("other"), web]).await;
    assert_eq!(told(&outcome), ["network done", "web unchanged"]);
    assert_eq!(world.calls("ExecuteChangeSet"), 1);
    assert!(world.plan(&[pair()[0].clone().display_name("other"), pair()[1].clone()]).await.is_empty());
}

#[tokio::test]
async fn an_announced_replacement_reaches_the_dependants() {
    let mut world = World::new(Habits::default());
    world.deploy(&pair()).await;
    let [network, web] = pair();
    let units = [network.property("Kind", json!("b")), web];
    let mut plan = world.plan(&units).await;
    plan.actions[0].changes[0].replacement = Some(Replacement::Always);
    let outcome = world.execute(&plan, &Stop::never()).await;
    assert_eq!(told(&outcome), ["network done", "web done"]);
    assert!(world.verify(&units).await.is_equal());
}

#[tokio::test]
async fn an_unannounced_replacement_stops_the_unit_and_leaves_no_change_set() {
    let mut world = World::new(Habits::default());
    world.deploy(&pair()).await;
    let [network, web] = pair();
    let outcome = world.deploy(&[network.property("Kind", json!("b")), web]).await;
    assert_eq!(
        told(&outcome),
        [
            "network unannounced: `Topic` (AWS::SNS::Topic) would be replaced, which the plan does not announce",
            "web skipped because of network",
        ]
    );
    assert_eq!((world.calls("ExecuteChangeSet"), world.calls("DeleteChangeSet")), (0, 1));
}

#[tokio::test]
async fn an_unannounced_removal_stops_the_unit() {
    let mut world = World::new(Habits::default());
    let mut two = unit("network");
    two.template["Resources"]["Queue"] = json!({"Type": "AWS::SNS::Topic"});
    world.deploy(&[two.clone()]).await;
    let mut plan = world.plan(&[unit("network")]).await;
    plan.actions[0].changes.clear();
    let outcome = world.execute(&plan, &Stop::never()).await;
    assert!(matches!(outcome.reports[0].outcome, UnitOutcome::Unannounced { .. }));
    let outcome = world.deploy(&[unit("network")]).await;
    assert_eq!(told(&outcome), ["network done"]);
}

#[tokio::test]
async fn a_failed_update_is_taken_back_with_its_cause() {
    let mut world = World::new(Habits::default());
    world.deploy(&pair()).await;
    let [network, web] = pair();
    let broken = [network.failing("quota"), web];
    let outcome = world.deploy(&broken).await;
    assert_eq!(told(&outcome), ["network rolled back: quota", "web skipped because of network"]);
    let outcome = world.deploy(&pair()).await;
    assert!(is_done(&outcome), "{:?}", told(&outcome));
    assert!(world.plan(&pair()).await.is_empty());
}

#[tokio::test]
async fn a_value_that_comes_out_equal_is_no_failure_after_a_rollback() {
    let mut world = World::new(Habits::default());
    world.deploy(&pair()).await;
    let [network, web] = pair();
    let outcome = world.deploy(&[network.clone(), web.clone().failing("quota")]).await;
    assert_eq!(told(&outcome), ["web rolled back: quota"]);
    // What was consented to may replace anything, and here it replaces nothing.
    let changed = [network.display_name("other"), web];
    let consents = [(crate::plan::Consent::AllowReplacement, "network".parse().unwrap())];
    let plan = world.plan_with(&changed, consents.into_iter().collect()).await;
    assert!(plan.actions[1].may_come_out_equal(), "{:?}", plan.actions[1].reasons);
    assert_eq!(told(&world.execute(&plan, &Stop::never()).await), ["network done", "web unchanged"]);
}

#[tokio::test]
async fn an_output_only_change_works_where_change_sets_refuse_it() {
    for refuses_output_only in [false, true] {
        let mut world = World::new(Habits { refuses_output_only, ..Habits::default() });
        world.deploy(&[unit("network")]).await;
        let mut more = unit("network");
        more.template["Outputs"]["More"] = json!({"Value": {"Ref": "Topic"}});
        let outcome = world.deploy(&[more.clone()]).await;
        assert_eq!(told(&outcome), ["network done"]);
        assert_eq!(world.calls("UpdateStack"), usize::from(refuses_output_only));
        assert_eq!(world.calls("DeleteChangeSet"), usize::from(refuses_output_only));
        assert!(world.plan(&[more]).await.is_empty());
    }
}

#[tokio::test]
async fn nothing_to_do_is_an_error_while_the_digest_differs() {
    let habits = Habits { refuses_output_only: true, ignores_updates: true, ..Habits::default() };
    let mut world = World::new(habits);
    world.deploy(&[unit("network")]).await;
    let mut more = unit("network");
    more.template["Outputs"]["More"] = json!({"Value": {"Ref": "Topic"}});
    let outcome = world.deploy(&[more]).await;
    assert_eq!(
        told(&outcome),
        [
            "network needs hands: CloudFormation reports that nothing is to be updated, although the stack's digest differs"
        ]
    );
}

#[tokio::test]
async fn an_update_that_changed_nothing_is_no_success() {
    let mut world = World::new(Habits { ignores_updates: true, ..Habits::default() });
    world.deploy(&[unit("network")]).await;
    let outcome = world.deploy(&[unit("network").display_name("other")]).await;
    assert_eq!(
        told(&outcome),
        ["network needs hands: the stack is UPDATE_COMPLETE, but it does not carry what was sent"]
    );
}

#[tokio::test]
async fn policy_and_protection_follow_the_source() {
    let mut world = World::new(Habits::default());
    let policy = json!({"Statement": [{"Effect": "Deny", "Action": "Update:Replace", "Principal": "*", "Resource": "*"}]});
    world.deploy(&[unit("keys")]).await;
    let strict = DesiredUnit { stack_policy: Some(policy), termination_protection: true, ..unit("keys") };
    assert!(is_done(&world.deploy(std::slice::from_ref(&strict)).await));
    assert!(world.verify(&[strict]).await.is_equal());
    assert!(is_done(&world.deploy(&[unit("keys")]).await));
    assert!(world.verify(&[unit("keys")]).await.is_equal());
    assert_eq!((world.calls("SetStackPolicy"), world.calls("UpdateTerminationProtection")), (2, 2));
}

#[tokio::test]
async fn a_secret_is_sent_and_never_compared() {
    let mut world = World::new(Habits::default());
    let mut data = unit("data").literal("Password", "");
    let secret = crate::model::Secret { name: "db".to_owned(), key: None, version: None };
    data.parameters.insert("Password".to_owned(), Binding::Secret(secret));
    data.secret_parameters.insert("Password".to_owned());
    assert!(is_done(&world.deploy(&[data.clone()]).await));
    assert!(world.plan(&[data.clone()]).await.is_empty());
    assert!(world.verify(&[data]).await.is_equal());
}
