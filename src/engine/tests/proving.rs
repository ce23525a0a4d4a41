//! What is left after deletions, when the cloud leaves something out or does not answer.

use super::*;
use crate::engine::{Proof, Unanswered, Why, complete_resources, prove};
use crate::model::{Protection, StackResource, TaggedResource};
use crate::ui::outcome_view::Verdict;

/// These resources are listed of each of the stacks.
fn list(world: &World, ids: &[String], listed: &[(&str, Option<&str>)]) {
    let resource = |(id, physical): &(&str, Option<&str>)| StackResource {
        logical_id: (*id).to_owned(),
        physical_id: physical.map(str::to_owned),
        resource_type: "AWS::SNS::Topic".to_owned(),
        status: "CREATE_COMPLETE".to_owned(),
        reason: None,
    };
    for id in ids {
        world.fake.state().resources.insert(id.clone(), listed.iter().map(resource).collect());
    }
}

/// Tears everything down with these resources listed before, and proves it.
async fn proved(world: &mut World, listed: &[(&str, Option<&str>)], denies_events: bool) -> (Outcome, Proof) {
    let mut observation = world.observe(&[]).await;
    let context = teardown_context(Protection::Disposable);
    let ids = plan::standing_ids(&context.project, &context.environment, &observation);
    list(world, &ids, listed);
    let (sink, stop) = (&world.recorder, Stop::never());
    complete_resources(&world.clouds, &mut observation, &ids, sink, &stop).await.unwrap();
    let plan = plan::teardown(&context, &observation).unwrap();
    let mut outcome = world.execute(&plan, &stop).await;
    world.fake.habits.lock().unwrap().denies_events = denies_events;
    let proof = prove(&world.clouds, &plan, &observation, &outcome, &world.recorder, &stop).await.unwrap();
    outcome.proof = Some(proof.clone());
    (outcome, proof)
}

#[tokio::test]
async fn what_no_event_speaks_of_is_not_taken_for_gone() {
    let mut world = World::new(Habits::default());
    world.deploy(&[unit("jobs")]).await;
    // Four of them, so that they are listed in two pages.
    let listed = [("Topic", None), ("Ghost", Some("ghost-1")), ("Other", Some("2")), ("Third", Some("3"))];
    let (outcome, proof) = proved(&mut world, &listed, false).await;
    let left: Vec<_> = proof.left.iter().map(|left| (left.resource.as_str(), left.why)).collect();
    let unaccounted = |id| (id, Why::Unaccounted);
    assert_eq!(left, [unaccounted("Ghost"), unaccounted("Other"), unaccounted("Third")]);
    assert_eq!((proof.stacks, proof.resources, proof.holds()), (1, 1, false));
    assert_eq!(Verdict::of(&outcome), Verdict::Different);
}

#[tokio::test]
async fn a_question_without_an_answer_is_no_proof() {
    let mut world = World::new(Habits::default());
    world.deploy(&[unit("jobs")]).await;
    let (outcome, proof) = proved(&mut world, &[("Topic", None)], true).await;
    let [Unanswered { instance, reason }] = proof.unanswered.as_slice() else { panic!("{proof:?}") };
    assert_eq!(
        (instance.to_string().as_str(), reason.as_str()),
        ("jobs", "DescribeStackEvents: AccessDenied")
    );
    assert_eq!((proof.holds(), Verdict::of(&outcome)), (false, Verdict::Unproven));
}

#[tokio::test]
async fn a_search_by_tags_finds_what_no_stack_lists() {
    let mut world = World::new(Habits::default());
    world.deploy(&[unit("jobs"), unit("web")]).await;
    let found = |arn: &str, name: &str| TaggedResource { arn: arn.to_owned(), tags: unit(name).all_tags() };
    let mut foreign = found("arn:foreign", "jobs");
    foreign.tags.insert("rekindle:environment".to_owned(), "other".to_owned());
    let all = ["arn:1", "arn:2", "arn:3", "arn:ghost-1"].map(|arn| found(arn, "jobs"));
    world.fake.state().tagged = [all.to_vec(), vec![foreign, found("arn:4", "nobody")]].concat();
    let (outcome, proof) = proved(&mut world, &[("Topic", None), ("Ghost", Some("ghost-1"))], false).await;
    let tagged: Vec<&str> = proof.tagged.iter().map(|tagged| tagged.arn.as_str()).collect();
    // Three to a page; the one that is listed as left is not told twice, and others' are no concern.
    assert_eq!(tagged, ["arn:1", "arn:2", "arn:3"]);
    assert_eq!((Verdict::of(&outcome), proof.unsearched), (Verdict::Different, None));
}

#[tokio::test]
async fn where_the_search_by_tags_is_denied_that_is_said() {
    let mut world = World::new(Habits { denies_tag_search: true, ..Habits::default() });
    world.deploy(&[unit("jobs")]).await;
    let (outcome, proof) = proved(&mut world, &[("Topic", None)], false).await;
    assert_eq!(proof.unsearched.as_deref(), Some("GetResources: AccessDenied"));
    assert_eq!((proof.holds(), Verdict::of(&outcome)), (true, Verdict::Succeeded));
}

#[tokio::test]
async fn throttled_questions_are_asked_again() {
    let mut world = World::new(Habits { throttled: 30, ..Habits::default() });
    world.deploy(&[unit("jobs"), unit("web")]).await;
    let (outcome, proof) = proved(&mut world, &[("Topic", None)], false).await;
    assert_eq!((proof.stacks, proof.resources, proof.left.len()), (2, 2, 0));
    assert_eq!(Verdict::of(&outcome), Verdict::Succeeded);
}

#[tokio::test]
async fn a_proof_costs_pages_and_not_one_call_for_each_resource() {
    let mut costs = Vec::new();
    for number in [1, 200] {
        let mut world = World::new(Habits::default());
        let units: Vec<_> = (0..20).map(|unit_number| unit(&format!("u{unit_number}"))).collect();
        world.deploy(&units).await;
        let names: Vec<String> = (0..number).map(|resource| format!("R{resource}")).collect();
        let listed: Vec<(&str, Option<&str>)> = names.iter().map(|name| (name.as_str(), None)).collect();
        let mut observation = world.observe(&[]).await;
        let context = teardown_context(Protection::Disposable);
        let ids = plan::standing_ids(&context.project, &context.environment, &observation);
        list(&world, &ids, &listed);
        let (sink, stop) = (&world.recorder, Stop::never());
        complete_resources(&world.clouds, &mut observation, &ids, sink, &stop).await.unwrap();
        let plan = plan::teardown(&context, &observation).unwrap();
        let outcome = world.execute(&plan, &stop).await;
        let before = world.all_calls();
        prove(&world.clouds, &plan, &observation, &outcome, &world.recorder, &stop).await.unwrap();
        costs.push(world.all_calls() - before);
    }
    // The events of each stack, and one search by tags.
    assert_eq!(costs[0], costs[1], "whatever the number of resources");
    assert!(costs[0] <= 20 * 2 + 1, "{costs:?}");
}

#[tokio::test]
async fn what_may_come_back_is_told() {
    let mut world = World::new(Habits { sleeps: true, ..Habits::default() });
    world.deploy(&[unit("jobs")]).await;
    let mut observation = world.observe(&[]).await;
    let context = teardown_context(Protection::Disposable);
    let ids = plan::standing_ids(&context.project, &context.environment, &observation);
    let group = StackResource {
        logical_id: "Topic".to_owned(),
        physical_id: None,
        resource_type: "AWS::Logs::LogGroup".to_owned(),
        status: "CREATE_COMPLETE".to_owned(),
        reason: None,
    };
    world.fake.state().resources.insert(ids[0].clone(), vec![group]);
    let (sink, stop) = (&world.recorder, Stop::never());
    complete_resources(&world.clouds, &mut observation, &ids, sink, &stop).await.unwrap();
    let plan = plan::teardown(&context, &observation).unwrap();
    let outcome = world.execute(&plan, &stop).await;
    let proof = prove(&world.clouds, &plan, &observation, &outcome, &world.recorder, &stop).await.unwrap();
    let notes: Vec<&str> = proof.notes.iter().map(|note| note.note.as_str()).collect();
    assert!(matches!(notes[..], [note] if note.contains("aws logs delete-log-group")), "{notes:?}");
}
