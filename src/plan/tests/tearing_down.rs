use std::collections::BTreeMap;

use super::obstacles;
use crate::model::facts::CARRIER;
use crate::model::{Class, EnvironmentName, Protection, StackStatus, UsedInstance};
use crate::plan::fixture::{
    Vary, deployed, environment, instance, seen, stack, teardown_context, told, unit,
};
use crate::plan::{Consent, TeardownContext, teardown, wanted_templates};

#[test]
fn a_disposable_environment_goes_whole() {
    let plan = teardown(&teardown_context(Protection::Disposable), &deployed(&environment())).unwrap();
    let expected = ["data", "keys", "network", "web"].map(|name| format!("delete {name}: torn down"));
    assert_eq!(told(&plan), expected);
    assert!(plan.action(&instance("web")).unwrap().needs.contains(&instance("data")));
}

#[test]
fn elsewhere_classes_are_kept_with_what_they_need() {
    let plan = teardown(&teardown_context(Protection::Standard), &deployed(&environment())).unwrap();
    assert_eq!(
        told(&plan),
        [
            "keep data: class `data` is kept",
            "keep keys: class `permanent` is kept",
            "keep network: `data` needs it",
            "delete web: torn down",
        ]
    );
}

#[test]
fn data_goes_with_consent_and_permanent_never() {
    let mut context = teardown_context(Protection::Production);
    context.consents.give(Consent::DeleteData, instance("data"));
    assert_eq!(
        told(&teardown(&context, &deployed(&environment())).unwrap()),
        [
            "delete data: torn down; asked for by `--delete-data`",
            "keep keys: class `permanent` is kept",
            "delete network: torn down",
            "delete web: torn down",
        ]
    );
}

#[test]
fn a_stack_of_unknown_class_stays_with_what_its_parameters_point_at() {
    let mut observation = deployed(&environment());
    seen(&mut observation, "web").outputs.remove(CARRIER);
    let mut context = teardown_context(Protection::Standard);
    assert_eq!(
        told(&teardown(&context, &observation).unwrap())[3],
        "keep web: carries no readable facts: class unknown"
    );
    context.consents.give(Consent::DeleteUnknown, instance("web"));
    assert_eq!(
        told(&teardown(&context, &observation).unwrap())[3],
        "delete web: torn down; asked for by `--delete-unknown`"
    );
    let plan = teardown(&teardown_context(Protection::Disposable), &observation).unwrap();
    let needs = &plan.action(&instance("web")).unwrap().needs;
    assert_eq!(*needs, [instance("data"), instance("network")].into(), "guessed from its parameters");
}

#[test]
fn facts_of_a_stack_that_never_completed_come_from_its_template() {
    let units = environment();
    let mut observation = deployed(&units);
    let facts = seen(&mut observation, "web").facts().unwrap();
    let web = seen(&mut observation, "web");
    web.outputs.clear();
    web.status = StackStatus::RollbackComplete;
    let id = web.id.clone();
    let context = teardown_context(Protection::Standard);
    assert_eq!(
        wanted_templates(&context.project, &context.environment, &[], &observation),
        std::slice::from_ref(&id)
    );
    observation.template_facts.insert(id, facts);
    assert_eq!(told(&teardown(&context, &observation).unwrap())[3], "delete web: torn down");
}

#[test]
fn termination_protection_is_lifted_only_by_its_option() {
    let mut observation = deployed(&environment());
    seen(&mut observation, "web").termination_protection = true;
    let mut context = teardown_context(Protection::Disposable);
    let error = teardown(&context, &observation).unwrap_err();
    assert_eq!(
        obstacles(&error),
        ["Refused: stack `fieldbook-demo-web` of `web` is protected against termination"]
    );
    assert!(error.obstacles[0].hint().contains("--lift-termination-protection web"));
    context.consents.give(Consent::LiftTerminationProtection, instance("web"));
    assert!(told(&teardown(&context, &observation).unwrap())[3].starts_with("delete web"));
}

#[test]
fn what_another_environment_uses_is_refused() {
    let mut observation = deployed(&environment());
    let other: EnvironmentName = "other".parse().unwrap();
    let mut reader = unit("reader");
    reader.identity.environment = other.clone();
    let mut stack = stack(&reader);
    let mut facts = stack.facts().unwrap();
    facts.uses = vec![UsedInstance { environment: "demo".parse().unwrap(), instance: instance("network") }];
    stack.outputs.insert(CARRIER.to_owned(), facts.encode());
    observation.others.insert(other, BTreeMap::from([("primary".parse().unwrap(), vec![stack.into()])]));
    let error = teardown(&teardown_context(Protection::Disposable), &observation).unwrap_err();
    assert_eq!(obstacles(&error), ["Refused: `network` is used by `reader` of environment `other`"]);
}

#[test]
fn what_is_selected_by_name_goes_or_is_refused() {
    let observation = deployed(&environment());
    let select = |name: &str| TeardownContext {
        selected: Some([instance(name)].into()),
        ..teardown_context(Protection::Standard)
    };
    let refusals = [
        ("network", "`network` cannot be torn down: `data` needs it"),
        ("keys", "`keys` cannot be torn down: class `permanent` is kept"),
        ("data", "`data` cannot be torn down: class `data` is kept"),
    ];
    for (name, expected) in refusals {
        assert_eq!(
            obstacles(&teardown(&select(name), &observation).unwrap_err()),
            [format!("Refused: {expected}")]
        );
    }
    let plan = teardown(&select("web"), &observation).unwrap();
    assert_eq!(told(&plan)[3], "delete web: torn down");
    assert_eq!(plan.count(crate::plan::ActionKind::Keep), 3);
    assert!(teardown(&select("gone-already"), &observation).unwrap().is_empty());
}

#[test]
fn facts_that_contradict_each_other_are_named() {
    let units = vec![unit("a").after("b"), unit("b").after("a")];
    let error = teardown(&teardown_context(Protection::Disposable), &deployed(&units)).unwrap_err();
    assert_eq!(obstacles(&error), ["Error: instances need each other in a circle: a -> b -> a"]);
}

#[test]
fn a_stack_that_was_only_reviewed_is_cleaned_up() {
    let units = vec![unit("data").class(Class::Data)];
    let mut observation = deployed(&units);
    seen(&mut observation, "data").status = StackStatus::ReviewInProgress;
    seen(&mut observation, "data").outputs.clear();
    let plan = teardown(&teardown_context(Protection::Standard), &observation).unwrap();
    assert_eq!(told(&plan), ["delete data: torn down"]);
}

#[test]
fn every_status_has_an_answer() {
    let units = vec![unit("web").class(Class::Stateless)];
    for status in StackStatus::ALL.iter().chain([&StackStatus::Unknown("FROZEN".to_owned())]) {
        let mut observation = deployed(&units);
        seen(&mut observation, "web").status = status.clone();
        let answer = match teardown(&teardown_context(Protection::Standard), &observation) {
            Ok(plan) if plan.actions.is_empty() => "nothing",
            Ok(plan) => plan.actions[0].action.as_str(),
            Err(_) => "stop",
        };
        let expected = match status {
            StackStatus::DeleteComplete => "nothing",
            StackStatus::Unknown(_) => "stop",
            busy if busy.is_busy() => "stop",
            _ => "delete",
        };
        assert_eq!(answer, expected, "{status}");
    }
}
