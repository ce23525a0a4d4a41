//! Observing, checking identity, verifying.

use super::*;
use crate::engine::{IdentityError, ObserveError, check_identity};
use crate::model::{Environment, Protection, ProviderKind, StackStatus, Target};
use crate::plan::fixture::{environment, sealed};

fn manifest(account: &str, region: &str) -> Environment {
    let target = Target {
        provider: ProviderKind::Local,
        account: account.parse().unwrap(),
        region: region.parse().unwrap(),
        role: None,
        service_role: None,
        artifacts: None,
        notifications: Vec::new(),
    };
    Environment {
        project: "fieldbook".parse().unwrap(),
        name: "demo".parse().unwrap(),
        protection: Protection::Disposable,
        targets: [(TargetName::primary(), target)].into(),
        uses: Default::default(),
    }
}

#[tokio::test]
async fn an_unchanged_environment_costs_the_pages_of_one_listing() {
    let mut world = World::new(Habits::default());
    world.deploy(&environment()).await;
    world.fake.state().calls.clear();
    assert!(world.plan(&environment()).await.is_empty());
    let calls = world.fake.state().calls.clone();
    assert_eq!(calls, [("DescribeStacks", 2)].into(), "four stacks, three on a page");
}

#[tokio::test]
async fn where_listing_is_denied_stacks_are_read_by_name() {
    let mut world = World::new(Habits::default());
    world.deploy(&environment()).await;
    world.fake.habits.lock().unwrap().denies_listing = true;
    assert!(world.plan(&environment()).await.is_empty());
    assert_eq!(
        world.notices(),
        ["listing all stacks is not allowed: only stacks the source names were looked for"]
    );
    let scope = world.scope(&[]);
    let error = observe(&world.clouds, &scope, &world.recorder, &Stop::never()).await.unwrap_err();
    assert!(matches!(&error, ObserveError::Call { source, .. } if source.message == "AccessDenied"));
    assert_eq!(error.to_string(), "the stacks of target `primary` could not be read");
}

#[tokio::test]
async fn other_environments_of_the_project_are_kept_apart() {
    let mut world = World::new(Habits::default());
    let mut other = unit("audit");
    other.identity.environment = "account".parse().unwrap();
    other.stack = "fieldbook-account-audit".parse().unwrap();
    let mut foreign = unit("audit");
    foreign.identity.project = "elsewhere".parse().unwrap();
    foreign.stack = "fieldbook-demo-web".parse().unwrap();
    let mut plan = world.plan(&[unit("keys")]).await;
    for stranger in [other, foreign] {
        plan.actions[0].stack = stranger.stack.clone();
        plan.actions[0].desired = Some(stranger.into());
        world.execute(&plan, &Stop::never()).await;
    }
    let observation = world.observe(&environment()).await;
    let own: Vec<_> = observation.stacks[&TargetName::primary()].iter().map(|it| it.name.as_str()).collect();
    assert_eq!(own, ["fieldbook-demo-web"], "foreign, but its name is wanted");
    assert_eq!(observation.others.len(), 1);
    assert_eq!(observation.others[&"account".parse().unwrap()][&TargetName::primary()].len(), 1);
}

#[tokio::test]
async fn the_wrong_account_or_region_is_refused() {
    let world = World::new(Habits::default());
    let check = async |account, region| {
        check_identity(&world.clouds, &manifest(account, region), &world.recorder, &Stop::never()).await
    };
    assert!(check("000000000000", "eu-central-1").await.is_ok());
    let error = check("111122223333", "eu-central-1").await.unwrap_err();
    assert!(matches!(error, IdentityError::WrongAccount { .. }));
    insta::assert_snapshot!(
        error,
        @"target `primary` is account 111122223333, but the credentials in use belong to account 000000000000 (`arn:aws:iam::000000000000:user/test`)"
    );
    let error = check("000000000000", "eu-west-1").await.unwrap_err();
    insta::assert_snapshot!(error, @"target `primary` is in eu-west-1, but calls go to eu-central-1");
    assert_eq!(world.calls("GetCallerIdentity"), 3);
}

#[tokio::test]
async fn every_difference_is_named() {
    let mut world = World::new(Habits::default());
    let mut units = environment();
    world.deploy(&units).await;
    units.remove(2);
    units[0].tags.insert("team".to_owned(), "data".to_owned());
    units[1].termination_protection = true;
    units.push(unit("mail"));
    let mut observation = world.observe(&units).await;
    let stacks = observation.stacks.get_mut(&TargetName::primary()).unwrap();
    let web = std::sync::Arc::make_mut(stacks.iter_mut().find(|it| it.name.ends_with("web")).unwrap());
    web.status = StackStatus::UpdateFailed;
    web.parameters.insert("Size".to_owned(), "huge".to_owned());
    let options = VerifyOptions::default();
    let report =
        verify(&world.clouds, &sealed(&units), &observation, options, &world.recorder, &Stop::never())
            .await
            .unwrap();
    assert!(!report.is_equal());
    let lines: Vec<String> = report
        .units
        .iter()
        .flat_map(|unit| unit.differences.iter().map(move |it| format!("{}: {it}", unit.instance)))
        .filter(|line| !line.contains("digest is"))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    data: tag `team` is `platform`, the source says `data`
    keys: termination protection is off, the source says on
    mail: there is no stack
    network: no unit of the source accounts for this stack
    web: stack is UPDATE_FAILED
    web: parameter `Size` is `huge`, the source says `small`
    ");
}

#[tokio::test]
async fn a_template_changed_by_hand_is_found() {
    let mut world = World::new(Habits::default());
    world.deploy(&[unit("keys")]).await;
    let mut plan = world.plan(&[unit("keys").seconds(3.0)]).await;
    let facts = plan.actions[0].observed.as_ref().unwrap().facts().unwrap();
    let mut changed = unit("keys").seconds(3.0);
    changed.template["Outputs"]["Rekindle"] = serde_json::json!({"Value": facts.encode()});
    plan.actions[0].desired = Some(changed.into());
    world.execute(&plan, &Stop::never()).await;
    let report = world.verify(&[unit("keys")]).await;
    let [found] = report.units.as_slice() else { panic!() };
    assert!(found.differences.iter().any(|it| matches!(it, crate::engine::Difference::Template { .. })));
}
