//! What a plan needs that no stack of it makes: secrets, entries of Parameter Store, machine images, room
//! in the account. Told from the plan alone, so that it can be asked for before anything is made.
//!
//! What hangs on a value that is known only during the run is left out: a stack of the run makes it.

mod judge;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::language::dynamic_references::{parts, references};
use crate::model::{Environment, InstanceName, Outside, Presence, Quota, QuotaKind, TargetName};
use crate::plan::needed::texts::Filled;
use crate::plan::{ActionKind, Plan};

pub use judge::judge;

/// What has to be there at one target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needed {
    /// Things, each with who needs it.
    pub things: BTreeMap<Outside, BTreeSet<InstanceName>>,
    /// How many are made of what an account takes only so many of.
    pub room: BTreeMap<QuotaKind, u64>,
}

/// What was answered at one target. A text is why there was no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Whether each thing is there.
    pub things: BTreeMap<Outside, Result<Presence, String>>,
    /// How much room there is; `None` where there is no bound.
    pub room: BTreeMap<QuotaKind, Result<Option<Quota>, String>>,
}

/// What each target must have for this plan.
pub fn needed(plan: &Plan, environment: &Environment) -> BTreeMap<TargetName, Needed> {
    let mut needed: BTreeMap<TargetName, Needed> = BTreeMap::new();
    let mut made: BTreeMap<TargetName, BTreeSet<String>> = BTreeMap::new();
    for action in plan.actions.iter().filter(|action| action.action.sends()) {
        let instance = &action.instance;
        let (Some(unit), Some(target)) = (&action.desired, environment.targets.get(&instance.target)) else {
            continue;
        };
        let filled = Filled::of(action, unit, target);
        let here = needed.entry(instance.target.clone()).or_default();
        for text in filled.texts() {
            for thing in references(&text).filter_map(outside).chain(machine_images(&text)) {
                here.things.entry(thing).or_default().insert(instance.clone());
            }
        }
        made.entry(instance.target.clone()).or_default().extend(filled.names());
        if action.action == ActionKind::Create {
            let of = |resource_type: &str| filled.count(resource_type);
            *here.room.entry(QuotaKind::Stacks).or_default() += 1 + of("AWS::CloudFormation::Stack");
            let addresses = of("AWS::EC2::EIP");
            if addresses > 0 {
                *here.room.entry(QuotaKind::ElasticAddresses).or_default() += addresses;
            }
        }
    }
    for (target, names) in made {
        if let Some(here) = needed.get_mut(&target) {
            here.things.retain(|thing, _| !names.contains(thing.name()));
        }
    }
    needed
}

/// What the inside of a dynamic reference asks for; `None` where its name is not known yet.
fn outside(reference: &str) -> Option<Outside> {
    if reference.contains("${") {
        return None;
    }
    let parts = parts(reference);
    let given = |part: Option<&&str>| part.filter(|part| !part.is_empty()).map(|part| (*part).to_owned());
    match *parts.get(1)? {
        "ssm" | "ssm-secure" => {
            let version = parts.get(3).and_then(|version| version.parse().ok());
            Some(Outside::Parameter { name: given(parts.get(2))?, version })
        }
        "secretsmanager" => {
            // `SecretString:KEY:STAGE:VERSION` comes behind the name, or behind the seven parts of an ARN.
            let end = if parts.get(2) == Some(&"arn") { 9 } else { 3 };
            let name = parts.get(2..end)?.join(":");
            let (stage, version) = (given(parts.get(end + 2)), given(parts.get(end + 3)));
            (!name.is_empty()).then_some(Outside::Secret { name, stage, version })
        }
        _ => None,
    }
}

/// The ids of machine images in a text.
fn machine_images(text: &str) -> impl Iterator<Item = Outside> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    let is_id = |word: &&str| {
        let rest = word.strip_prefix("ami-").unwrap_or_default();
        matches!(rest.len(), 8 | 17) && rest.chars().all(|letter| letter.is_ascii_hexdigit())
    };
    words.filter(is_id).map(|id| Outside::MachineImage(id.to_owned()))
}

/// The property by which a resource type gives something its name that others ask for by that name.
fn name_property(resource_type: &str) -> Option<&'static str> {
    match resource_type {
        "AWS::SecretsManager::Secret" | "AWS::SSM::Parameter" => Some("Name"),
        _ => None,
    }
}

/// The type and the properties of a resource.
fn typed(resource: &Value) -> Option<(&str, &Value)> {
    Some((resource.get("Type")?.as_str()?, resource.get("Properties").unwrap_or(&Value::Null)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{AccountId, Binding, DesiredUnit, ProviderKind, Region, Secret, Target};
    use crate::plan::Observation;
    use crate::plan::fixture::{self, Vary as _};

    fn environment() -> Environment {
        let target = Target {
            provider: ProviderKind::Aws,
            account: AccountId::new("000000000000").unwrap(),
            region: Region::new("eu-central-1").unwrap(),
            role: None,
            service_role: None,
            artifacts: None,
            notifications: Vec::new(),
        };
        Environment {
            project: "fieldbook".parse().unwrap(),
            name: "demo".parse().unwrap(),
            protection: crate::model::Protection::Standard,
            targets: [(TargetName::primary(), target)].into(),
            uses: BTreeMap::new(),
        }
    }

    fn needed_of(units: &[DesiredUnit]) -> Needed {
        let plan = fixture::deploy(units, &fixture::deploy_context(), &Observation::default()).unwrap();
        needed(&plan, &environment()).remove(&TargetName::primary()).unwrap()
    }

    fn names(needed: &Needed) -> Vec<String> {
        needed.things.keys().map(|thing| format!("{thing:?}")).collect()
    }

    #[test]
    fn references_and_images_are_found_wherever_values_are_known() {
        let mut made =
            fixture::unit("web").literal("Image", "ami-0c4d5e6f708192a3b").literal("Stage", "live");
        made.template["Conditions"] = json!({"Live": {"Fn::Equals": [{"Ref": "Stage"}, "live"]}});
        made.template["Resources"] = json!({
            "Host": {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": {"Ref": "Image"}, "Tags": [
                {"Key": "a", "Value": {"Fn::Sub": "{{resolve:ssm:/${AWS::Region}/size:3}}"}},
                {"Key": "b", "Value": {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "Stage"}, ":SecretString:k:AWSPREVIOUS}}"]]}},
                {"Key": "c", "Value": {"Fn::If": ["Live", "{{resolve:ssm-secure:here}}", "{{resolve:ssm:elsewhere:1}}"]}},
                {"Key": "d", "Value": {"Fn::Sub": "{{resolve:secretsmanager:${Made}:SecretString:k}}"}},
            ]}},
            "Made": {"Type": "AWS::SecretsManager::Secret"},
        });
        made.template["Parameters"]["Password"] = json!({"Type": "String", "NoEcho": true});
        made.secret_parameters.insert("Password".to_owned());
        let secret = Secret { name: "database".to_owned(), key: None, version: Some("v1".to_owned()) };
        made.parameters.insert("Password".to_owned(), Binding::Secret(secret));
        made.template["Resources"]["Made"]["Properties"] = json!({"SecretString": {"Ref": "Password"}});
        insta::assert_snapshot!(names(&needed_of(&[made])).join("\n"), @r#"
        Secret { name: "database", stage: None, version: Some("v1") }
        Secret { name: "live", stage: Some("AWSPREVIOUS"), version: None }
        Parameter { name: "/eu-central-1/size", version: Some(3) }
        Parameter { name: "here", version: None }
        MachineImage("ami-0c4d5e6f708192a3b")
        "#);
    }

    #[test]
    fn what_a_stack_of_the_plan_makes_is_not_asked_for() {
        let mut keys = fixture::unit("keys");
        keys.template["Resources"]["Secret"] = json!({"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": {"Fn::Sub": "${AWS::Region}/a"}}});
        let web =
            fixture::unit("web").display_name("{{resolve:secretsmanager:eu-central-1/a}}").after("keys");
        assert_eq!(names(&needed_of(&[keys, web])), [""; 0]);
    }

    #[test]
    fn room_is_counted_of_what_is_made() {
        let mut network = fixture::unit("network");
        network.template["Conditions"] = json!({"Never": {"Fn::Equals": [1, 2]}});
        network.template["Resources"] = json!({
            "One": {"Type": "AWS::EC2::EIP"}, "Two": {"Type": "AWS::EC2::EIP"},
            "None": {"Type": "AWS::EC2::EIP", "Condition": "Never"},
            "Inner": {"Type": "AWS::CloudFormation::Stack"},
        });
        let needed = needed_of(&[network, fixture::unit("web")]);
        assert_eq!(needed.room, [(QuotaKind::Stacks, 3), (QuotaKind::ElasticAddresses, 2)].into());
    }

    #[test]
    fn names_of_references() {
        let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-x";
        assert_eq!(
            outside(&format!("resolve:secretsmanager:{arn}:SecretString:p")),
            Some(Outside::Secret { name: arn.to_owned(), stage: None, version: None })
        );
        for nothing in
            ["resolve:vault:a", "resolve:ssm:", "resolve:secretsmanager:${A}:SecretString:p", "resolve"]
        {
            assert_eq!(outside(nothing), None, "{nothing}");
        }
    }
}
