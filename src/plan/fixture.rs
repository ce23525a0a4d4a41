//! Units and stacks for tests: a small environment, deployed or not.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use crate::model::facts::{CARRIER, Identity};
use crate::model::{
    Binding, Class, DesiredUnit, Digest, InstanceName, ObservedStack, Output, Protection, ProviderKind,
    SealedUnit, StackStatus, Target, TargetName,
};
use crate::plan::{Consents, DeployContext, Observation, Plan, PlanError, TeardownContext};

pub(crate) fn instance(name: &str) -> InstanceName {
    name.parse().unwrap()
}

/// A stateless unit with one topic and the output `Arn`, which any change of the topic may change.
pub(crate) fn unit(name: &str) -> DesiredUnit {
    let identity = Identity {
        project: "fieldbook".parse().unwrap(),
        environment: "demo".parse().unwrap(),
        instance: instance(name),
    };
    let template = json!({
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}}},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}}},
    });
    DesiredUnit {
        tags: BTreeMap::from([("team".to_owned(), "platform".to_owned())]),
        ..DesiredUnit::new(identity, Class::Stateless, template.into())
    }
}

/// Ways to vary a unit.
pub(crate) trait Vary: Sized {
    fn class(self, class: Class) -> Self;
    fn literal(self, parameter: &str, value: &str) -> Self;
    /// Binds `parameter` to the output `Arn` of `provider`, and needs it.
    fn reads(self, parameter: &str, provider: &str) -> Self;
    fn after(self, provider: &str) -> Self;
    fn display_name(self, name: &str) -> Self;
}

impl Vary for DesiredUnit {
    fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    fn literal(mut self, parameter: &str, value: &str) -> Self {
        self.template["Parameters"][parameter] = json!({"Type": "String"});
        self.parameters.insert(parameter.to_owned(), Binding::Literal(value.to_owned()));
        self
    }

    fn reads(mut self, parameter: &str, provider: &str) -> Self {
        self.template["Parameters"][parameter] = json!({"Type": "String"});
        self.template["Resources"]["Topic"]["Properties"][format!("Reads{parameter}")] =
            json!({"Ref": parameter});
        let output = Output { environment: None, instance: instance(provider), name: "Arn".to_owned() };
        self.parameters.insert(parameter.to_owned(), Binding::Output(output));
        self.after(provider)
    }

    fn after(mut self, provider: &str) -> Self {
        self.needs.insert(instance(provider));
        self
    }

    fn display_name(mut self, name: &str) -> Self {
        self.template["Resources"]["Topic"]["Properties"]["DisplayName"] = json!(name);
        self
    }
}

/// `keys` (permanent) <- `data` (data) <- `web`, and `network` <- `data`, `web`.
pub(crate) fn environment() -> Vec<DesiredUnit> {
    vec![
        unit("data").class(Class::Data).reads("KeyArn", "keys").reads("SubnetIds", "network"),
        unit("keys").class(Class::Permanent),
        unit("network"),
        unit("web").literal("Size", "small").reads("Database", "data").reads("SubnetIds", "network"),
    ]
}

pub(crate) fn output_of(instance: &InstanceName) -> String {
    format!("arn:aws:sns:eu-central-1:000000000000:{instance}")
}

fn value(binding: &Binding) -> String {
    match binding {
        Binding::Output(output) => output_of(&output.instance),
        other => other.known().unwrap(),
    }
}

pub(crate) fn sealed(units: &[DesiredUnit]) -> Vec<SealedUnit> {
    units.iter().cloned().map(SealedUnit::from).collect()
}

/// Plans a deploy of `units` as they are now.
pub(crate) fn deploy(
    units: &[DesiredUnit],
    context: &DeployContext,
    observation: &Observation,
) -> Result<Plan, PlanError> {
    crate::plan::deploy(&sealed(units), context, observation)
}

/// The stack as it stands after `unit` was deployed.
pub(crate) fn stack(unit: &DesiredUnit) -> ObservedStack {
    let values: BTreeMap<String, String> =
        unit.parameters.iter().map(|(name, binding)| (name.clone(), value(binding))).collect();
    let facts = SealedUnit::from(unit.clone()).facts(&values, Digest::of("release"));
    let shown = |(name, value): (&String, &String)| {
        let secret = unit.secret_parameters.contains(name);
        (name.clone(), if secret { "****".to_owned() } else { value.clone() })
    };
    ObservedStack {
        id: format!("arn:aws:cloudformation:eu-central-1:000000000000:stack/{}/1", unit.stack),
        name: unit.stack.to_string(),
        status: StackStatus::CreateComplete,
        status_reason: None,
        parameters: values.iter().map(shown).collect(),
        outputs: BTreeMap::from([
            ("Arn".to_owned(), output_of(unit.instance())),
            (CARRIER.to_owned(), facts.encode()),
        ]),
        tags: unit.all_tags(),
        capabilities: Vec::new(),
        role: None,
        termination_protection: unit.termination_protection,
        parent: None,
        created: Some("2026-11-01T10:00:00Z".parse().unwrap()),
        updated: None,
    }
}

/// What is seen after all `units` were deployed.
pub(crate) fn deployed(units: &[DesiredUnit]) -> Observation {
    let mut observation = Observation::default();
    observation.stacks.insert(TargetName::primary(), Vec::new());
    for unit in units {
        let stacks = observation.stacks.entry(unit.instance().target.clone()).or_default();
        stacks.push(stack(unit).into());
        observation.templates.insert(stack(unit).id, serde_json::Value::clone(&unit.template));
    }
    observation
}

/// The stack of `name` in an observation, to change it.
pub(crate) fn seen<'a>(observation: &'a mut Observation, name: &str) -> &'a mut ObservedStack {
    let instance = instance(name);
    let stacks = observation.stacks.get_mut(&instance.target).unwrap();
    let is_meant = |stack: &&mut Arc<ObservedStack>| {
        stack.identity().is_some_and(|identity| identity.instance == instance)
    };
    Arc::make_mut(stacks.iter_mut().find(is_meant).unwrap())
}

pub(crate) fn target(provider: ProviderKind) -> Target {
    Target {
        provider,
        account: "000000000000".parse().unwrap(),
        region: "eu-central-1".parse().unwrap(),
        role: None,
        service_role: None,
        artifacts: None,
        notifications: Vec::new(),
    }
}

pub(crate) fn deploy_context() -> DeployContext {
    DeployContext {
        project: "fieldbook".parse().unwrap(),
        environment: "demo".parse().unwrap(),
        protection: Protection::Standard,
        targets: BTreeMap::from([(TargetName::primary(), target(ProviderKind::Aws))]),
        release: Digest::of("release"),
        deployment: Digest::of("deployment"),
        prune: false,
        selected: None,
        looks_for_drift: false,
        consents: Consents::none(),
    }
}

pub(crate) fn teardown_context(protection: Protection) -> TeardownContext {
    TeardownContext {
        project: "fieldbook".parse().unwrap(),
        environment: "demo".parse().unwrap(),
        protection,
        selected: None,
        restore: None,
        consents: Consents::none(),
    }
}

/// One line per action: kind, instance, reasons.
pub(crate) fn told(plan: &Plan) -> Vec<String> {
    let line = |action: &crate::plan::PlannedAction| {
        let reasons: Vec<String> = action.reasons.iter().map(ToString::to_string).collect();
        format!("{} {}: {}", action.action.as_str(), action.instance, reasons.join("; "))
    };
    plan.actions.iter().map(line).collect()
}
