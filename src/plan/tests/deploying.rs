use std::collections::BTreeMap;

use serde_json::json;

use super::obstacles;
use crate::model::facts::CARRIER;
use crate::model::{Binding, Class, EnvironmentName, Output, Protection, Secret, StackStatus};
use crate::plan::fixture::{
    Vary, deploy, deploy_context, deployed, environment, instance, sealed, seen, stack, told, unit,
};
use crate::plan::{Consent, LastRecord, Observation, PlannedValue, wanted_templates};

#[test]
fn what_is_absent_is_created_with_values_known_later() {
    let plan = deploy(&environment(), &deploy_context(), &Observation::default()).unwrap();
    assert_eq!(
        told(&plan),
        [
            "create data: there is no stack yet",
            "create keys: there is no stack yet",
            "create network: there is no stack yet",
            "create web: there is no stack yet",
        ]
    );
    let web = plan.action(&instance("web")).unwrap();
    assert_eq!(web.parameters[1].to, PlannedValue::Known("small".to_owned()));
    assert!(
        matches!(&web.parameters[0].to, PlannedValue::Unknown(output) if output.instance == instance("data"))
    );
    assert_eq!(web.changes[0].logical_id, "Topic");
}

#[test]
fn what_is_as_it_should_be_is_kept_and_asks_for_no_template() {
    let units = environment();
    let mut observation = deployed(&units);
    seen(&mut observation, "web").status = StackStatus::UpdateRollbackComplete;
    let context = deploy_context();
    assert!(deploy(&units, &context, &observation).unwrap().is_empty());
    assert!(
        wanted_templates(&context.project, &context.environment, &sealed(&units), &observation).is_empty()
    );
}

#[test]
fn a_changed_template_updates_the_unit_and_opens_what_reads_it() {
    let before = environment();
    let mut units = environment();
    units[2] = units[2].clone().display_name("net");
    let observation = deployed(&before);
    let context = deploy_context();
    let wanted = wanted_templates(&context.project, &context.environment, &sealed(&units), &observation);
    assert_eq!(wanted, [stack(&before[2]).id]);
    let plan = deploy(&units, &context, &observation).unwrap();
    let network = plan.action(&instance("network")).unwrap();
    assert_eq!(network.changes[0].paths, ["Properties.DisplayName"]);
    assert!(!network.may_come_out_equal());
    let data = plan.action(&instance("data")).unwrap();
    assert_eq!(data.reasons.len(), 1);
    assert_eq!(data.reasons[0].to_string(), "parameter `SubnetIds` is known after `network` is done");
    assert!(data.may_come_out_equal());
    assert_eq!(plan.action(&instance("keys")).unwrap().reasons[0].to_string(), "unchanged");
}

#[test]
fn a_changed_literal_names_the_parameter_and_both_values() {
    let before = vec![unit("web").literal("Size", "small")];
    let after = vec![unit("web").literal("Size", "large")];
    let plan = deploy(&after, &deploy_context(), &deployed(&before)).unwrap();
    let reasons = &plan.actions[0].reasons;
    assert!(reasons[0].to_string().starts_with("digest changed from "));
    assert_eq!(reasons[1].to_string(), "parameter `Size` changed from `small` to `large`");
}

#[test]
fn a_changed_tag_and_output_are_named() {
    let before = vec![unit("web")];
    let mut after = before.clone();
    after[0].tags.insert("team".to_owned(), "web".to_owned());
    after[0].template["Outputs"]["Name"] = json!({"Value": "x"});
    let plan = deploy(&after, &deploy_context(), &deployed(&before)).unwrap();
    let reasons: Vec<String> = plan.actions[0].reasons[1..].iter().map(ToString::to_string).collect();
    assert_eq!(
        reasons,
        ["tag `team` changed from `platform` to `web`", "template changed at `Outputs.Name`"]
    );
}

#[test]
fn what_was_changed_by_others_is_said_and_updated() {
    type Change = fn(&mut Observation);
    let table: &[(&str, Change)] = &[
        ("its `Rekindle` output is missing or unreadable", |seen_| {
            seen(seen_, "web").outputs.remove(CARRIER);
        }),
        ("its parameters are not those it was made with", |seen_| {
            seen(seen_, "web").parameters.insert("Size".to_owned(), "huge".to_owned());
        }),
        ("tag `team` changed from (nothing shown) to `platform`", |seen_| {
            seen(seen_, "web").tags.remove("team");
        }),
        ("termination protection is on", |seen_| seen(seen_, "web").termination_protection = true),
        ("it changed at 2026-11-02T10:00:00Z, after the last record", |seen_| {
            seen(seen_, "web").updated = Some("2026-11-02T10:00:00Z".parse().unwrap());
            let id = seen(seen_, "web").id.clone();
            let changed = Some("2026-11-01T10:00:00Z".parse().unwrap());
            seen_.records.insert(instance("web"), LastRecord { stack_id: id, changed });
        }),
        ("it is another stack of the same name than the one in the last record", |seen_| {
            let stack_id = "arn:other".to_owned();
            seen_.records.insert(instance("web"), LastRecord { stack_id, changed: None });
        }),
    ];
    for (expected, change) in table {
        let units = environment();
        let mut observation = deployed(&units);
        change(&mut observation);
        let plan = deploy(&units, &deploy_context(), &observation).unwrap();
        let web = plan.action(&instance("web")).unwrap();
        assert_eq!(web.reasons[0].to_string(), format!("changed outside rekindle: {expected}"));
        assert_eq!(web.action.as_str(), "update");
        assert_eq!(plan.count(crate::plan::ActionKind::Keep), 3, "{expected}");
    }
}

#[test]
fn every_status_has_an_answer() {
    let units = vec![unit("web")];
    for status in StackStatus::ALL.iter().chain([&StackStatus::Unknown("FROZEN".to_owned())]) {
        let mut observation = deployed(&units);
        seen(&mut observation, "web").status = status.clone();
        let answer = match deploy(&units, &deploy_context(), &observation) {
            Ok(plan) => plan.actions[0].action.as_str(),
            Err(error) => ["error", "refused", "hands"][error.kind() as usize],
        };
        let expected = match status.as_str() {
            "DELETE_COMPLETE" => "create",
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => "keep",
            "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => "keep",
            "CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "REVIEW_IN_PROGRESS" => "replace",
            "DELETE_FAILED" => "replace",
            "UPDATE_FAILED" | "UPDATE_ROLLBACK_FAILED" | "IMPORT_ROLLBACK_FAILED" => "hands",
            _ => "error",
        };
        assert_eq!(answer, expected, "{status}");
    }
}

#[test]
fn a_failed_creation_that_may_have_left_something_needs_hands_outside_disposable() {
    let mut units = vec![unit("keys")];
    units[0].template["Resources"]["Topic"]["DeletionPolicy"] = json!("Retain");
    let mut observation = deployed(&units);
    seen(&mut observation, "keys").status = StackStatus::RollbackComplete;
    let error = deploy(&units, &deploy_context(), &observation).unwrap_err();
    assert_eq!(
        obstacles(&error),
        ["NeedsHands: stack `fieldbook-demo-keys` of `keys` is ROLLBACK_COMPLETE and may have left \
             behind `Topic`"]
    );
    let disposable = crate::plan::DeployContext { protection: Protection::Disposable, ..deploy_context() };
    assert_eq!(
        told(&deploy(&units, &disposable, &observation).unwrap()),
        ["replace keys: stack is ROLLBACK_COMPLETE"]
    );
}

#[test]
fn the_way_out_of_a_stuck_stack_depends_on_who_serves_it() {
    let units = vec![unit("data")];
    let mut observation = deployed(&units);
    seen(&mut observation, "data").status = StackStatus::UpdateFailed;
    let hint = |context| deploy(&units, &context, &observation).unwrap_err().obstacles[0].hint();
    let command = "aws cloudformation rollback-stack --stack-name fieldbook-demo-data";
    assert!(hint(deploy_context()).contains(command));
    let embedded = crate::plan::fixture::target(crate::model::ProviderKind::Local);
    let targets = [(crate::model::TargetName::primary(), embedded)].into();
    assert_eq!(
        hint(crate::plan::DeployContext { targets, ..deploy_context() }),
        "look at its events, tear down unit `data`, then deploy again"
    );
}

#[test]
fn a_half_deleted_unit_is_made_anew_only_when_stateless() {
    let units = vec![unit("data").class(Class::Data)];
    let mut observation = deployed(&units);
    seen(&mut observation, "data").status = StackStatus::DeleteFailed;
    let error = deploy(&units, &deploy_context(), &observation).unwrap_err();
    assert_eq!(error.kind(), crate::plan::ObstacleKind::NeedsHands);
}

#[test]
fn a_foreign_stack_is_never_touched() {
    let units = environment();
    let mut observation = deployed(&units);
    seen(&mut observation, "web").tags.clear();
    let error = deploy(&units, &deploy_context(), &observation).unwrap_err();
    assert_eq!(
        obstacles(&error),
        ["NeedsHands: stack `fieldbook-demo-web`, the name that `web` wants, is not ours: it does not \
             carry our tags"]
    );
    let other = EnvironmentName::new("other").unwrap();
    seen(&mut observation, "data").tags.insert("rekindle:environment".to_owned(), other.to_string());
    let error = deploy(&units, &deploy_context(), &observation).unwrap_err();
    assert!(
        error.obstacles[0].to_string().ends_with("it is `data` of environment `other`, project `fieldbook`")
    );
}

#[test]
fn two_stacks_of_one_identity_are_both_named() {
    let units = vec![unit("web")];
    let mut observation = deployed(&units);
    let mut twin = stack(&units[0]);
    twin.id = "arn:twin".to_owned();
    observation.stacks.values_mut().next().unwrap().push(twin.into());
    let error = deploy(&units, &deploy_context(), &observation).unwrap_err();
    assert!(error.to_string().contains("two stacks claim to be `web`"), "{error}");
    assert!(error.to_string().contains("arn:twin"), "{error}");
}

#[test]
fn facts_of_a_later_version_stop_everything() {
    let units = vec![unit("web")];
    let mut observation = deployed(&units);
    seen(&mut observation, "web").outputs.insert(CARRIER.to_owned(), r#"{"schema":99}"#.to_owned());
    let error = deploy(&units, &deploy_context(), &observation).unwrap_err();
    assert!(error.to_string().contains("later version"), "{error}");
}

#[test]
fn a_change_of_class_needs_its_own_consent() {
    let before = vec![unit("data").class(Class::Data)];
    let after = vec![unit("data")];
    let error = deploy(&after, &deploy_context(), &deployed(&before)).unwrap_err();
    assert_eq!(obstacles(&error), ["Refused: the class of `data` would change from `data` to `stateless`"]);
    assert!(error.obstacles[0].hint().contains("`--change-class data`"));
    let mut context = deploy_context();
    context.consents.give(Consent::ChangeClass, instance("data"));
    assert_eq!(
        told(&deploy(&after, &context, &deployed(&before)).unwrap()),
        ["update data: class changed from data to stateless; asked for by `--change-class`"]
    );
}

#[test]
fn needs_by_order_alone_reach_the_stack() {
    let before = vec![unit("a"), unit("b")];
    let after = vec![unit("a"), unit("b").after("a")];
    let plan = deploy(&after, &deploy_context(), &deployed(&before)).unwrap();
    assert_eq!(told(&plan)[1], "update b: needs changed from none to a");
}

#[test]
fn a_selection_acts_on_nothing_else_and_wants_its_needs() {
    let units = environment();
    let select = |names: &[&str]| crate::plan::DeployContext {
        selected: Some(names.iter().map(|name| instance(name)).collect()),
        ..deploy_context()
    };
    let error = deploy(&units, &select(&["data"]), &Observation::default()).unwrap_err();
    assert_eq!(
        obstacles(&error),
        [
            "Error: `data` needs `keys`, which does not stand and is not selected",
            "Error: `data` needs `network`, which does not stand and is not selected",
        ]
    );
    let plan = deploy(&units, &select(&["data"]), &deployed(&units[1..3])).unwrap();
    assert_eq!(
        told(&plan),
        ["create data: there is no stack yet", "keep keys: not selected", "keep network: not selected"]
    );
    let value = &plan.action(&instance("data")).unwrap().parameters[0].to;
    assert!(matches!(value, PlannedValue::Known(_)), "{value:?}");
    let error = deploy(&units, &select(&["dtaa"]), &Observation::default()).unwrap_err();
    assert_eq!(error.obstacles[0].hint(), "did you mean `data`?");
}

#[test]
fn an_output_that_cannot_come_to_exist_is_an_error() {
    let units = environment();
    let mut observation = deployed(&units);
    seen(&mut observation, "keys").outputs.remove("Arn");
    let error = deploy(&units, &deploy_context(), &observation).unwrap_err();
    assert_eq!(
        obstacles(&error),
        ["Error: parameter `KeyArn` of `data` wants output `keys.Arn`, which does not exist"]
    );
}

#[test]
fn values_of_a_used_environment_are_read_there() {
    let account: EnvironmentName = "account".parse().unwrap();
    let mut audit = unit("audit");
    audit.identity.environment = account.clone();
    let mut web = unit("web");
    let output =
        Output { environment: Some(account.clone()), instance: instance("audit"), name: "Arn".to_owned() };
    web.parameters.insert("Trail".to_owned(), Binding::Output(output));
    let error = deploy(std::slice::from_ref(&web), &deploy_context(), &Observation::default()).unwrap_err();
    assert_eq!(error.obstacles[0].hint(), "deploy `audit` in environment `account` first");
    let mut observation = Observation::default();
    let there = BTreeMap::from([(audit.instance().target.clone(), vec![stack(&audit).into()])]);
    observation.others.insert(account, there);
    let plan = deploy(&[web], &deploy_context(), &observation).unwrap();
    assert!(matches!(plan.actions[0].parameters[0].to, PlannedValue::Known(_)));
}

#[test]
fn secrets_are_never_shown() {
    let mut web = unit("web");
    let secret = Secret { name: "database".to_owned(), key: None, version: None };
    web.parameters.insert("Password".to_owned(), Binding::Secret(secret));
    web.secret_parameters.insert("Password".to_owned());
    let plan = deploy(std::slice::from_ref(&web), &deploy_context(), &Observation::default()).unwrap();
    assert_eq!(plan.actions[0].parameters[0].to, PlannedValue::Secret);
    let plan = deploy(std::slice::from_ref(&web), &deploy_context(), &deployed(&[web.clone()])).unwrap();
    assert!(plan.is_empty(), "{:?}", told(&plan));
}

#[test]
fn two_targets_that_see_the_same_stacks_count_each_once() {
    let units = vec![unit("web"), unit("web@recovery")];
    let mut observation = deployed(&units);
    let all: Vec<_> = observation.stacks.values().flatten().cloned().collect();
    observation.stacks.values_mut().for_each(|stacks| stacks.clone_from(&all));
    assert!(deploy(&units, &deploy_context(), &observation).unwrap().is_empty());
}

#[test]
fn loops_are_compared_as_what_they_make() {
    let looped = |names: &str, display: &str| {
        let mut unit = unit("network").literal("Names", names);
        unit.template = json!({
            "Transform": "AWS::LanguageExtensions",
            "Parameters": {"Names": {"Type": "CommaDelimitedList"}},
            "Resources": {"Fn::ForEach::Topics": ["Name", {"Ref": "Names"}, {
                "Topic${Name}": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": display}}}]},
        })
        .into();
        unit
    };
    let observation = deployed(&[looped("a,b", "x")]);
    let changes = |desired| {
        let plan = deploy(&[desired], &deploy_context(), &observation).unwrap();
        let changes = plan.actions[0].changes.iter();
        changes.map(|change| format!("{:?} {}", change.action, change.logical_id)).collect::<Vec<_>>()
    };
    assert_eq!(changes(looped("a,c", "x")), ["Remove Topicb", "Add Topicc"]);
    let mut observation = observation.clone();
    let stack = seen(&mut observation, "network").id.clone();
    observation.templates.insert(stack, serde_json::Value::clone(&looped("a,b", "x").template));
    let plan = deploy(&[looped("a,b", "y")], &deploy_context(), &observation).unwrap();
    let changes: Vec<_> = plan.actions[0].changes.iter().map(|change| change.logical_id.clone()).collect();
    assert_eq!(changes, ["Topica", "Topicb"]);
}
