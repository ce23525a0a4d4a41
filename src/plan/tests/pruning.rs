use std::collections::BTreeMap;

use crate::model::{Class, EnvironmentName, UsedInstance};
use crate::plan::fixture::{Vary, deploy, deploy_context, deployed, instance, seen, stack, told, unit};
use crate::plan::{Consent, DeployContext};

fn pruning() -> DeployContext {
    DeployContext { prune: true, ..deploy_context() }
}

#[test]
fn what_is_gone_is_shown_and_deleted_only_when_asked() {
    let before = vec![unit("a"), unit("b").reads("A", "a")];
    let observation = deployed(&before);
    let told_ = told(&deploy(&[], &deploy_context(), &observation).unwrap());
    assert_eq!(told_, ["keep a: gone from the source", "keep b: gone from the source"]);
    let plan = deploy(&[], &pruning(), &observation).unwrap();
    assert_eq!(told(&plan), ["delete a: gone from the source", "delete b: gone from the source"]);
    assert!(plan.action(&instance("b")).unwrap().needs.contains(&instance("a")), "b must go before a");
}

#[test]
fn a_provider_goes_once_its_former_dependant_needs_it_no_more() {
    let before = vec![unit("a"), unit("b").reads("A", "a")];
    let plan = deploy(&[unit("b")], &pruning(), &deployed(&before)).unwrap();
    assert_eq!(plan.action(&instance("b")).unwrap().action.as_str(), "update");
    assert_eq!(plan.action(&instance("a")).unwrap().action.as_str(), "delete");
    assert!(plan.action(&instance("b")).unwrap().needs.is_empty());
}

#[test]
fn a_provider_stays_while_a_dependant_stays_as_it_is() {
    let before = vec![unit("a"), unit("b").reads("A", "a"), unit("c")];
    let context = DeployContext { selected: Some([instance("a"), instance("c")].into()), ..pruning() };
    let plan = deploy(&[unit("b"), unit("c")], &context, &deployed(&before)).unwrap();
    assert_eq!(told(&plan)[0], "keep a: gone from the source; `b` needs it");
}

#[test]
fn pruning_keeps_what_is_precious_unknown_protected_or_used() {
    let before = vec![
        unit("base"),
        unit("data").class(Class::Data).after("base"),
        unit("protected"),
        unit("unknown"),
        unit("used"),
    ];
    let mut observation = deployed(&before);
    seen(&mut observation, "protected").termination_protection = true;
    seen(&mut observation, "unknown").outputs.clear();
    let other: EnvironmentName = "other".parse().unwrap();
    let mut user = unit("reader");
    user.identity.environment = other.clone();
    let mut stack = stack(&user);
    let mut facts = stack.facts().unwrap();
    facts.uses = vec![UsedInstance { environment: "demo".parse().unwrap(), instance: instance("used") }];
    stack.outputs.insert("Rekindle".to_owned(), facts.encode());
    observation.others.insert(other, BTreeMap::from([("primary".parse().unwrap(), vec![stack.into()])]));
    let mut context = pruning();
    assert_eq!(
        told(&deploy(&[], &context, &observation).unwrap()),
        [
            "keep base: gone from the source; `data` needs it",
            "keep data: gone from the source; class `data` is kept",
            "keep protected: gone from the source; termination protection is on",
            "keep unknown: gone from the source; carries no readable facts: class unknown",
            "keep used: gone from the source; environment `other` uses it",
        ]
    );
    context.consents.give(Consent::LiftTerminationProtection, instance("protected"));
    assert_eq!(
        told(&deploy(&[], &context, &observation).unwrap())[2],
        "delete protected: gone from the source; asked for by `--lift-termination-protection`"
    );
}
