//! The engine on the embedded engine: plans of real templates, carried out in virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rekindle::engine::{
    Cloud, Clouds, Event, EventSink, ExecuteOptions, Outcome, Pace, Recorder, Scope, Settled, Stop, Stopper,
    Timeline, UnitOutcome, VerifyOptions, complete_templates, critical_path, execute, observe, settle,
    verify,
};
use rekindle::local::{self, Fault};
use rekindle::model::facts::Identity;
use rekindle::model::{Binding, Class, DesiredUnit, InstanceName, Output, SealedUnit, StackName};
use rekindle::plan::{self, ActionKind, DeployContext, Observation, Plan};
use serde_json::{Value, json};

use crate::support::context;

/// An environment with a target in each of two regions of one embedded cloud.
struct World {
    clouds: Clouds,
    recorder: Recorder,
    runs: u32,
}

impl World {
    fn new(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|text| text.parse::<Fault>().unwrap()).collect();
        let now = "2026-11-01T10:00:00Z".parse().unwrap();
        Self::on(&local::Cloud::in_memory(local::Options { now, faults }))
    }

    fn on(cloud: &local::Cloud) -> Self {
        let client = |region: &str| {
            let client = cloud.client("000000000000".parse().unwrap(), region.parse().unwrap());
            Cloud::new(Arc::new(client), Pace::Virtual)
        };
        let targets = [
            ("primary".parse().unwrap(), client("eu-central-1")),
            ("recovery".parse().unwrap(), client("eu-west-1")),
        ];
        let clouds = Clouds { targets: targets.into(), used: BTreeMap::new() };
        Self { clouds, recorder: Recorder::default(), runs: 0 }
    }

    async fn observe(&self, units: &[DesiredUnit]) -> Observation {
        let mut wanted: BTreeMap<_, BTreeSet<StackName>> = BTreeMap::new();
        for unit in units {
            wanted.entry(unit.instance().target.clone()).or_default().insert(unit.stack.clone());
        }
        let scope =
            Scope { project: "fieldbook".parse().unwrap(), environment: "demo".parse().unwrap(), wanted };
        let (sink, stop) = (&self.recorder, Stop::never());
        let mut observation = observe(&self.clouds, &scope, sink, &stop).await.unwrap();
        let settled = settle(&self.clouds, &mut observation, sink, &stop).await.unwrap();
        assert_eq!(settled, Settled::Quiet);
        let ids = plan::wanted_templates(&scope.project, &scope.environment, &sealed(units), &observation);
        complete_templates(&self.clouds, &mut observation, &ids, sink, &stop).await.unwrap();
        observation
    }

    async fn plan(&self, units: &[DesiredUnit]) -> Plan {
        let context = DeployContext { prune: true, ..context::deploy() };
        plan::deploy(&sealed(units), &context, &self.observe(units).await).unwrap()
    }

    async fn carry_out(&mut self, plan: &Plan) -> Outcome {
        self.runs += 1;
        let options = ExecuteOptions { run: format!("run {}", self.runs), ..ExecuteOptions::default() };
        execute(plan, &self.clouds, &BTreeMap::new(), &options, &self.recorder, &Stop::never()).await.unwrap()
    }

    async fn deploy(&mut self, units: &[DesiredUnit]) -> Outcome {
        let plan = self.plan(units).await;
        self.carry_out(&plan).await
    }

    async fn teardown(&mut self) -> Outcome {
        let context = context::teardown();
        let plan = plan::teardown(&context, &self.observe(&[]).await).unwrap();
        self.carry_out(&plan).await
    }

    async fn differences(&self, units: &[DesiredUnit]) -> Vec<String> {
        let observation = self.observe(units).await;
        let options = VerifyOptions { drift: true };
        let report =
            verify(&self.clouds, &sealed(units), &observation, options, &self.recorder, &Stop::never())
                .await
                .unwrap();
        let lines = report
            .units
            .iter()
            .flat_map(|unit| unit.differences.iter().map(move |it| format!("{}: {it}", unit.instance)));
        lines.collect()
    }
}

/// Being throttled says nothing of how well the service is: the one does not use up the patience with the
/// other.
#[tokio::test]
async fn a_service_that_is_unwell_after_throttling_is_asked_again() {
    let world = World::new(&["DescribeStacks=throttled*25", "DescribeStacks=unwell*5"]);
    assert!(world.observe(&[]).await.stacks.values().all(Vec::is_empty));
}

fn sealed(units: &[DesiredUnit]) -> Vec<SealedUnit> {
    units.iter().cloned().map(SealedUnit::from).collect()
}

fn unit(name: &str, resources: Value, outputs: Value) -> DesiredUnit {
    let identity = Identity {
        project: "fieldbook".parse().unwrap(),
        environment: "demo".parse().unwrap(),
        instance: name.parse().unwrap(),
    };
    let template = json!({"Resources": resources, "Outputs": outputs});
    DesiredUnit::new(identity, Class::Stateless, template.into())
}

/// Binds a parameter to an output of another unit.
fn reads(mut unit: DesiredUnit, parameter: &str, provider: &str, output: &str) -> DesiredUnit {
    let instance: InstanceName = provider.parse().unwrap();
    unit.template["Parameters"][parameter] = json!({"Type": "String"});
    unit.needs.insert(instance.clone());
    let output = Output { environment: None, instance, name: output.to_owned() };
    unit.parameters.insert(parameter.to_owned(), Binding::Output(output));
    unit
}

fn network(cidr: &str) -> DesiredUnit {
    let resources = json!({
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr}},
        "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {
            "VpcId": {"Ref": "Vpc"}, "CidrBlock": {"Fn::Select": [0, {"Fn::Cidr": [cidr, 2, 8]}]}}},
    });
    unit("network", resources, json!({"SubnetId": {"Value": {"Ref": "Subnet"}}}))
}

fn queue(name: &str, label: &str) -> DesiredUnit {
    let resources = json!({
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Tags": [{"Key": "label", "Value": label}]}},
    });
    unit(name, resources, json!({"Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}}))
}

fn topic(name: &str, provider: &str) -> DesiredUnit {
    let resources = json!({
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Provider"}}},
    });
    reads(unit(name, resources, json!({"Arn": {"Value": {"Ref": "Topic"}}})), "Provider", provider, "Arn")
}

fn environment() -> Vec<DesiredUnit> {
    let database = json!({
        "Group": {"Type": "AWS::RDS::DBSubnetGroup", "Properties": {
            "DBSubnetGroupDescription": "fieldbook", "SubnetIds": [{"Ref": "SubnetId"}]}},
        "Database": {"Type": "AWS::RDS::DBInstance", "Properties": {
            "DBInstanceClass": "db.t4g.micro", "Engine": "postgres", "DBSubnetGroupName": {"Ref": "Group"}}},
    });
    let data =
        unit("data", database, json!({"Arn": {"Value": {"Fn::GetAtt": ["Database", "DBInstanceArn"]}}}));
    vec![
        reads(data, "SubnetId", "network", "SubnetId"),
        queue("jobs", "first"),
        topic("mail", "jobs"),
        topic("mail@recovery", "jobs"),
        network("10.0.0.0/16"),
        topic("reports", "data"),
    ]
}

fn told(outcome: &Outcome) -> Vec<String> {
    let ended = outcome.reports.iter().map(|report| match &report.outcome {
        UnitOutcome::Done => format!("{} done", report.instance),
        UnitOutcome::Unchanged => format!("{} unchanged", report.instance),
        UnitOutcome::RolledBack { cause } => {
            format!(
                "{} rolled back: {} {}",
                report.instance,
                cause.resource.as_deref().unwrap_or("-"),
                cause.reason
            )
        }
        other => format!("{} {other:?}", report.instance),
    });
    let skipped = outcome.skipped.iter().map(|skipped| format!("{} skipped", skipped.instance));
    ended.chain(skipped).collect()
}

#[tokio::test]
async fn an_environment_is_deployed_verified_torn_down_and_deployed_again() {
    let mut world = World::new(&[]);
    let units = environment();
    let outcome = world.deploy(&units).await;
    assert_eq!(outcome.reports.len(), 6, "{:?}", told(&outcome));
    assert!(world.plan(&units).await.is_empty());
    assert_eq!(world.differences(&units).await, Vec::<String>::new());
    let path = critical_path(&Timeline::of(&world.recorder.events()));
    let steps: Vec<String> = path
        .iter()
        .map(|step| format!("{}.{}", step.instance, step.resource.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(steps, ["network.Vpc", "network.Subnet", "data.Group", "data.Database", "reports.Topic"]);
    let seconds: f64 = path.iter().map(|step| step.seconds).sum();
    assert!(outcome.seconds <= seconds * 1.02, "{} s for a path of {seconds} s", outcome.seconds);
    let first: Vec<_> = told(&outcome);
    assert_eq!(told(&world.teardown().await).len(), 6);
    assert!(world.observe(&[]).await.stacks.values().all(Vec::is_empty));
    assert_eq!(told(&world.deploy(&units).await), first);
    assert_eq!(world.differences(&units).await, Vec::<String>::new());
}

#[tokio::test]
async fn only_what_differs_is_updated_and_dependants_follow_only_new_values() {
    let mut world = World::new(&[]);
    world.deploy(&environment()).await;
    let mut units = environment();
    units[1] = queue("jobs", "second");
    // The queue's ARN stays, and the plan knows it: what reads it is not even looked at.
    assert_eq!(told(&world.deploy(&units).await), ["jobs done"]);
    assert!(world.plan(&units).await.is_empty());
    assert_eq!(world.differences(&units).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_replacement_that_the_plan_does_not_announce_is_not_carried_out() {
    let mut world = World::new(&[]);
    world.deploy(&environment()).await;
    let before = world.observe(&[]).await;
    let mut units = environment();
    units[4] = network("10.1.0.0/16");
    let mut plan = world.plan(&units).await;
    for change in plan.actions.iter_mut().flat_map(|action| &mut action.changes) {
        change.replacement = None;
    }
    let outcome = world.carry_out(&plan).await;
    let network = outcome.reports.iter().find(|report| report.instance.to_string() == "network").unwrap();
    let UnitOutcome::Unannounced { differences } = &network.outcome else { panic!("{:?}", told(&outcome)) };
    assert!(
        differences.iter().any(|it| it.starts_with("`Vpc` (AWS::EC2::VPC) would be replaced")),
        "{differences:?}"
    );
    // What reads the network is skipped; what reads only outputs that stay was never to be changed.
    assert_eq!(outcome.skipped.len(), 1);
    assert_eq!(world.observe(&[]).await.stacks, before.stacks, "nothing was changed");
}

#[tokio::test]
async fn a_resource_that_fails_is_named_and_its_dependants_are_skipped() {
    let mut world = World::new(&["data.Database:create"]);
    let outcome = world.deploy(&environment()).await;
    let told = told(&outcome);
    assert!(told.iter().any(|line| line.starts_with("data rolled back: Database ")), "{told:?}");
    assert!(told.contains(&"reports skipped".to_owned()), "{told:?}");
    assert_eq!(told.iter().filter(|line| line.ends_with(" done")).count(), 4);
    let plan = world.plan(&environment()).await;
    let data = plan.action(&"data".parse().unwrap()).unwrap();
    assert_eq!(data.action, ActionKind::Replace);
}

#[tokio::test]
async fn another_process_attaches_to_what_this_one_left_running() {
    let directory = tempfile::tempdir().unwrap();
    let path = camino::Utf8Path::from_path(directory.path()).unwrap().join("local");
    let open = || {
        let now = "2026-11-01T10:00:00Z".parse().unwrap();
        World::on(&local::Cloud::open(&path, local::Options { now, faults: Vec::new() }).unwrap())
    };
    let units = environment();
    {
        let world = open();
        let plan = world.plan(&units).await;
        let options = ExecuteOptions { run: "left".to_owned(), ..ExecuteOptions::default() };
        let (stopper, stop) = Stop::new();
        let sink = LetGo(stopper);
        let outcome = execute(&plan, &world.clouds, &BTreeMap::new(), &options, &sink, &stop).await.unwrap();
        assert!(outcome.interrupted);
        let left = outcome.reports.iter().filter(|it| it.outcome == UnitOutcome::LeftRunning).count();
        assert!(left > 0, "{:?}", told(&outcome));
    }
    let mut world = open();
    let outcome = world.deploy(&units).await;
    assert!(!outcome.reports.is_empty() && outcome.reports.len() < units.len(), "{:?}", told(&outcome));
    assert!(world.plan(&units).await.is_empty());
    assert_eq!(world.differences(&units).await, Vec::<String>::new());
}

/// Lets go of everything when the first resource has been made.
struct LetGo(Stopper);

impl EventSink for LetGo {
    fn send(&self, event: Event) {
        if matches!(&event, Event::Resource { stack_event, .. } if stack_event.status == "CREATE_COMPLETE") {
            self.0.stop();
            self.0.stop();
        }
    }
}

#[tokio::test]
async fn many_stacks_in_two_regions_take_no_longer_than_their_chains() {
    let mut world = World::new(&[]);
    let mut units = Vec::new();
    for chain in 0..40 {
        let target = if chain % 2 == 0 { "" } else { "@recovery" };
        units.push(queue(&format!("chain-{chain}-0{target}"), "x"));
        for link in 1..5 {
            let name = format!("chain-{chain}-{link}{target}");
            units.push(topic(&name, &format!("chain-{chain}-{}{target}", link - 1)));
        }
    }
    let outcome = world.deploy(&units).await;
    assert_eq!(outcome.reports.len(), units.len());
    let path = critical_path(&Timeline::of(&world.recorder.events()));
    let seconds: f64 = path.iter().map(|step| step.seconds).sum();
    assert_eq!(path.len(), 5);
    assert!(outcome.seconds <= seconds * 1.02, "{} s for a path of {seconds} s", outcome.seconds);
    assert!(world.plan(&units).await.is_empty());
}
