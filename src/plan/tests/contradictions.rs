use std::sync::Arc;

use crate::model::{DesiredUnit, Protection};
use crate::plan::fixture::{deploy, deploy_context, deployed, environment, instance, seen, teardown_context};
use crate::plan::{ActionKind, Observation, ParameterChange, Plan, PlannedValue, Reason, check, teardown};

fn creating() -> Plan {
    deploy(&environment(), &deploy_context(), &Observation::default()).unwrap()
}

fn deleting(protection: Protection) -> Plan {
    let mut plan = teardown(&teardown_context(Protection::Disposable), &deployed(&environment())).unwrap();
    plan.protection = protection;
    plan
}

/// Spoils a good plan in one way; the linter must name it.
#[test]
fn every_contradiction_is_found() {
    type Spoil = fn(&mut Plan);
    let table: &[(Plan, Spoil, &str)] = &[
        (creating(), |plan| plan.actions.swap(0, 1), "not sorted"),
        (creating(), |plan| plan.actions[0].reasons.clear(), "without a reason"),
        (
            creating(),
            |plan| plan.actions[0].desired = None,
            "given exactly when something is sent, not for create",
        ),
        (
            creating(),
            |plan| plan.actions[0].action = ActionKind::Update,
            "update does not fit what was observed",
        ),
        (creating(), |plan| drop(plan.actions.remove(1)), "`data` needs `keys`, which is not in the plan"),
        (
            creating(),
            |plan| _ = plan.actions[1].needs.insert(instance("web")),
            "circle: data -> keys -> web -> data",
        ),
        (creating(), |plan| plan.operation = crate::plan::Operation::Teardown, "a teardown does not create"),
        (creating(), |plan| plan.actions[1].stack = plan.actions[0].stack.clone(), "would share a stack"),
        (
            creating(),
            |plan| {
                let action = &mut plan.actions[0];
                let mut unit = DesiredUnit::clone(action.desired.as_ref().unwrap());
                unit.secret_parameters.insert("KeyArn".to_owned());
                action.desired = Some(unit.into());
                let to = PlannedValue::Known("x".to_owned());
                action.parameters = vec![ParameterChange { name: "KeyArn".to_owned(), from: None, to }];
            },
            "shows the value of the secret parameter `KeyArn`",
        ),
        (
            deleting(Protection::Disposable),
            |plan| {
                plan.actions[0].action = ActionKind::Keep;
                plan.actions[0].reasons = vec![Reason::NotSelected];
            },
            "`data` needs `keys`, which the plan deletes",
        ),
        (
            deleting(Protection::Disposable),
            |plan| plan.protection = Protection::Standard,
            "`data` would be deleted, and its class is kept",
        ),
        (
            deleting(Protection::Disposable),
            |plan| {
                let observed = plan.actions[3].observed.as_mut().unwrap();
                Arc::make_mut(observed).termination_protection = true;
            },
            "`web` would be deleted, and is protected against termination",
        ),
    ];
    for (plan, spoil, expected) in table {
        assert_eq!(check(plan), Ok(()));
        let mut spoiled = plan.clone();
        spoil(&mut spoiled);
        let found: Vec<String> = check(&spoiled).unwrap_err().iter().map(ToString::to_string).collect();
        assert!(found.iter().any(|text| text.contains(expected)), "{expected}: {found:?}");
    }
}

#[test]
fn a_plan_survives_being_written_and_read() {
    let mut observation = deployed(&environment());
    seen(&mut observation, "web").parameters.clear();
    for plan in [creating(), deploy(&environment(), &deploy_context(), &observation).unwrap()] {
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }
}
