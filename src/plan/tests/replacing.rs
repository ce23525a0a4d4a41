//! What an update replaces, and what that costs.

use serde_json::{Value, json};

use crate::model::{Change, Class, DesiredUnit, Protection};
use crate::plan::fixture::{Vary, deploy, deploy_context, deployed, instance, unit};
use crate::plan::{
    Consent, Consents, DeployContext, Fate, Observation, Plan, PlannedAction, missing_consents,
};

fn with(name: &str, resources: Value) -> DesiredUnit {
    let mut unit = unit(name).class(Class::Data);
    unit.template["Resources"] = resources;
    unit.template["Outputs"] = json!({"Arn": {"Value": "fixed"}});
    unit
}

fn planned(before: &DesiredUnit, after: &DesiredUnit) -> PlannedAction {
    let plan = plan(std::slice::from_ref(before), std::slice::from_ref(after));
    plan.action(after.instance()).unwrap().clone()
}

fn plan(before: &[DesiredUnit], after: &[DesiredUnit]) -> Plan {
    deploy(after, &deploy_context(), &deployed(before)).unwrap()
}

fn told(action: &PlannedAction) -> Vec<String> {
    let line = |change: &Change| {
        let replacement = change.replacement.map_or("-".to_owned(), |found| format!("{found:?}"));
        format!("{} {replacement} {}", change.logical_id, change.paths.join(" ")).trim_end().to_owned()
    };
    action.changes.iter().map(line).collect()
}

fn database(property: &str, value: Value) -> DesiredUnit {
    let mut properties = json!({"Engine": "postgres", "DBName": "a", "BackupRetentionPeriod": 7});
    properties[property] = value;
    with("data", json!({"Database": {"Type": "AWS::RDS::DBInstance", "Properties": properties}}))
}

#[test]
fn the_catalogue_says_what_replaces() {
    let before = database("DBName", json!("a"));
    let cases = [
        (database("DBName", json!("b")), "Database Always Properties.DBName"),
        (database("DBName", json!({"Fn::Join": ["", ["b", "c"]]})), "Database Always Properties.DBName"),
        (database("Engine", json!("mysql")), "Database Conditional Properties.Engine"),
        (database("AllocatedStorage", json!("20")), "Database Never Properties.AllocatedStorage"),
        (database("DBName", json!({"Fn::Sub": "a"})), "Database Never Properties.DBName"),
    ];
    for (after, expected) in cases {
        assert_eq!(told(&planned(&before, &after)), [expected]);
    }
}

/// Nobody looks into a nested stack: another template, or other parameters, may take anything out of it.
#[test]
fn what_is_in_a_nested_stack_may_be_lost_with_its_template() {
    let nested = |properties: Value| {
        with("data", json!({"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": properties}}))
    };
    let one = json!({"TemplateURL": "https://b.s3.amazonaws.com/one.yaml", "TimeoutInMinutes": 5});
    let mut changed = one.clone();
    changed["TemplateURL"] = json!("https://b.s3.amazonaws.com/two.yaml");
    let action = planned(&nested(one.clone()), &nested(changed));
    let told: Vec<_> = action
        .consequences
        .iter()
        .map(|one| (one.certain, one.loses_data(), one.because.join(" ")))
        .collect();
    assert_eq!(told, [(false, true, "TemplateURL".to_owned())]);
    let mut changed = one.clone();
    changed["TimeoutInMinutes"] = json!(6);
    assert_eq!(planned(&nested(one), &nested(changed)).consequences, []);
}

#[test]
fn another_type_under_an_old_logical_id_is_refused() {
    let of = |kind: &str| with("data", json!({"Thing": {"Type": kind}}));
    let observation = deployed(&[of("AWS::SNS::Topic")]);
    let error = deploy(&[of("AWS::SQS::Queue")], &deploy_context(), &observation).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`Thing` of `data` would change from AWS::SNS::Topic to AWS::SQS::Queue, which CloudFormation does not do"
    );
}

#[test]
fn what_aws_documents_as_in_place_costs_nothing_and_is_expected_in_change_sets() {
    let nothing = database("Engine", json!("postgres"));
    let with_key = database("PerformanceInsightsKMSKeyId", json!("one"));
    let cases = [
        (&nothing, database("MultiAZ", json!(true)), "Never Properties.MultiAZ"),
        (&nothing, database("BackupRetentionPeriod", json!(8)), "Never Properties.BackupRetentionPeriod"),
        (&nothing, with_key.clone(), "Never Properties.PerformanceInsightsKMSKeyId"),
        (
            &with_key,
            database("PerformanceInsightsKMSKeyId", json!("other")),
            "Conditional Properties.PerformanceInsightsKMSKeyId",
        ),
    ];
    for (before, after, expected) in cases {
        let action = planned(before, &after);
        assert_eq!(told(&action), [format!("Database {expected}")]);
        let is_open = expected.starts_with("Conditional");
        assert_eq!(!action.consequences.is_empty(), is_open, "{expected}");
        let expected_in_change_sets: &[String] = if is_open { &[] } else { &action.changes[0].paths };
        assert_eq!(action.changes[0].replacing, expected_in_change_sets);
    }
}

#[test]
fn another_parameter_group_does_not_replace_a_database() {
    let grouped = |family: &str| {
        let group = json!({"Family": family, "Description": "d"});
        with(
            "data",
            json!({
                "Group": {"Type": "AWS::RDS::DBParameterGroup", "Properties": group},
                "Database": {"Type": "AWS::RDS::DBInstance", "Properties": {"DBParameterGroupName": {"Ref": "Group"}}},
            }),
        )
    };
    let action = planned(&grouped("postgres16"), &grouped("postgres17"));
    assert_eq!(
        told(&action),
        ["Database Never Properties.DBParameterGroupName", "Group Always Properties.Family"]
    );
    assert_eq!(action.changes[0].replacing, ["Properties.DBParameterGroupName"]);
    assert!(action.consequences.iter().all(|consequence| consequence.logical_id == "Group"));
}

#[test]
fn a_parameter_replaces_when_its_value_is_another_one_and_may_when_it_is_open() {
    let named = |value: &str| database("DBName", json!({"Ref": "Name"})).literal("Name", value);
    let action = planned(&named("a"), &named("b"));
    assert_eq!(told(&action), ["Database Always Properties.DBName"]);
    let reading = |provider: &str| {
        let mut data = database("DBName", json!({"Ref": "Name"}));
        data.template["Parameters"]["Name"] = json!({"Type": "String"});
        data.template["Resources"]["Topic"] = json!({"Type": "AWS::SNS::Topic", "Properties": {}});
        data.reads("Name", provider)
    };
    let mut provider = unit("names");
    let before = [provider.clone(), reading("names")];
    provider.template["Resources"]["Topic"]["Properties"]["TopicName"] = json!("another");
    let plan = plan(&before, &[provider, reading("names")]);
    let data = plan.action(&instance("data")).unwrap();
    assert_eq!(told(data), ["Database Conditional Properties.DBName", "Topic Never Properties.ReadsName"]);
}

#[test]
fn a_condition_decides_what_replaces() {
    let sized = |size: &str| {
        let name = json!({"Fn::If": ["IsLarge", "large", "small"]});
        let mut data = database("DBName", name).literal("Size", size);
        data.template["Conditions"] = json!({"IsLarge": {"Fn::Equals": [{"Ref": "Size"}, "large"]}});
        data
    };
    assert_eq!(told(&planned(&sized("large"), &sized("small"))), ["Database Always Properties.DBName"]);
    assert_eq!(told(&planned(&sized("small"), &sized("tiny"))), ["Database Never Properties.DBName"]);
}

#[test]
fn replacements_flow_to_what_refers_to_the_resource() {
    let stack = |group: &str, key: &str| {
        with(
            "data",
            json!({
                "Group": {"Type": "AWS::RDS::DBSubnetGroup", "Properties": {
                    "DBSubnetGroupName": group, "DBSubnetGroupDescription": "d", "SubnetIds": []}},
                "Key": {"Type": "AWS::KMS::Key", "Properties": {"Description": key}},
                "Database": {"Type": "AWS::RDS::DBInstance", "Properties": {
                    "DBSubnetGroupName": {"Ref": "Group"}, "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}},
                "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
                    "Dimensions": [{"Name": "Db", "Value": {"Ref": "Database"}}]}},
                "Apart": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Key"}}},
                "Named": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Group"}}},
            }),
        )
    };
    assert_eq!(
        told(&planned(&stack("a", "k"), &stack("b", "k"))),
        [
            // The alarm follows only if the database does, which nobody knows yet.
            "Database Conditional Properties.DBSubnetGroupName",
            "Group Always Properties.DBSubnetGroupName",
            "Named Never Properties.DisplayName",
        ]
    );
    // An identifier of a key that is changed in place stays. CloudFormation announces it all the same.
    let action = planned(&stack("a", "k"), &stack("a", "other"));
    assert_eq!(told(&action)[0], "Database Conditional Properties.KmsKeyId");
    assert!(action.consequences.is_empty(), "{:?}", action.consequences);
}

#[test]
fn policies_say_what_becomes_of_the_old_one() {
    let kept = |policies: &[(&str, &str)], name: &str| {
        let mut data = database("DBName", json!(name));
        for (attribute, policy) in policies {
            data.template["Resources"]["Database"][*attribute] = json!(policy);
        }
        data
    };
    let table: [(&[(&str, &str)], Fate); 4] = [
        (&[], Fate::Deleted),
        (&[("UpdateReplacePolicy", "Snapshot")], Fate::Snapshot),
        (&[("UpdateReplacePolicy", "Retain")], Fate::Retained),
        (&[("DeletionPolicy", "Retain")], Fate::Deleted),
    ];
    for (policies, expected) in table {
        let action = planned(&kept(policies, "a"), &kept(policies, "b"));
        let consequence = &action.consequences[0];
        assert_eq!((consequence.fate, consequence.certain), (expected, true), "{policies:?}");
        assert_eq!(consequence.holds.as_deref(), Some("databases"));
    }
    let gone =
        |before: DesiredUnit| planned(&before, &with("data", json!({"T": {"Type": "AWS::SNS::Topic"}})));
    assert_eq!(gone(kept(&[], "a")).consequences[0].fate, Fate::Snapshot);
    assert_eq!(gone(kept(&[("DeletionPolicy", "Delete")], "a")).consequences[0].fate, Fate::Deleted);
    assert!(gone(kept(&[("DeletionPolicy", "Delete")], "a")).consequences[0].loses_data());
}

#[test]
fn what_is_protected_stays_behind() {
    let protected = |name: &str, is_protected: bool| {
        let mut data = database("DBName", json!(name));
        data.template["Resources"]["Database"]["Properties"]["DeletionProtection"] = json!(is_protected);
        data
    };
    let fate = |before, after| planned(&protected("a", before), &protected("b", after)).consequences[0].fate;
    // Only the old one's own property counts: nothing changes it any more.
    assert_eq!((fate(true, false), fate(false, true)), (Fate::Protected, Fate::Deleted));
    let mut kept = protected("a", true);
    kept.template["Resources"]["Database"]["UpdateReplacePolicy"] = json!("Retain");
    let mut after = kept.clone();
    after.template["Resources"]["Database"]["Properties"]["DBName"] = json!("b");
    assert_eq!(planned(&kept, &after).consequences[0].fate, Fate::Retained);
}

#[test]
fn what_aws_would_refuse_is_no_plan() {
    let one =
        |kind: &str, properties: Value| with("data", json!({"It": {"Type": kind, "Properties": properties}}));
    let refused = |before: &DesiredUnit, after: &DesiredUnit| {
        let plan =
            deploy(std::slice::from_ref(after), &deploy_context(), &deployed(std::slice::from_ref(before)));
        plan.err().map(|error| format!("{error}\n{}", error.obstacles[0].hint())).unwrap_or_default()
    };
    let group = |name: &str, port: u16| {
        one("AWS::ElasticLoadBalancingV2::TargetGroup", json!({"Name": name, "Port": port}))
    };
    let key = |spec: &str| one("AWS::KMS::Key", json!({"KeySpec": spec}));
    insta::assert_snapshot!(refused(&group("web", 80), &group("web", 81)), @"
    data: `It` (AWS::ElasticLoadBalancingV2::TargetGroup) would be replaced and keep its Name `web`, which the old one has until the new one is made
    give it another Name, or none, so that CloudFormation makes one up
    ");
    insta::assert_snapshot!(refused(&key("RSA_2048"), &key("RSA_4096")), @"
    data: `It` (AWS::KMS::Key) would get another KeySpec, which AWS never changes
    give the resource another logical id: then a new one is made, and the old one goes by its `DeletionPolicy`
    ");
    let guarded = |spec: &str| {
        let mut unit = key(spec);
        let statement =
            json!({"Effect": "Deny", "Action": "Update:Delete", "Principal": "*", "Resource": "*"});
        let allowed = json!({"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"});
        unit.stack_policy = Some(json!({"Statement": [statement, allowed]}));
        unit
    };
    let mut without = guarded("RSA_2048");
    without.template["Resources"] = json!({"Other": {"Type": "AWS::KMS::Key"}});
    insta::assert_snapshot!(refused(&guarded("RSA_2048"), &without), @"
    data: `It` (AWS::KMS::Key) may not be changed like this: Action denied by stack policy: Statement [#1] does not allow [Update:Delete] for resource [LogicalResourceId/It]
    if it is meant, allow it in the unit's `stack_policy`; the policy is set before the update
    ");
    let mut described = guarded("RSA_2048");
    described.template["Resources"]["It"]["Properties"]["Description"] = json!("changed");
    assert_eq!(refused(&guarded("RSA_2048"), &described), "");
    let sealed = |order: bool| {
        let mut unit = guarded("RSA_2048");
        let statement = json!({"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"});
        unit.stack_policy = Some(json!({"Statement": [statement]}));
        if order {
            unit.template["Resources"]["It"]["DeletionPolicy"] = json!("Retain");
        }
        unit
    };
    assert_eq!(refused(&sealed(false), &sealed(true)), "", "no resource is touched for a policy");
    let default = one("AWS::KMS::Key", json!({}));
    assert_eq!(refused(&default, &key("SYMMETRIC_DEFAULT")), "");
    assert_eq!(refused(&group("web", 80), &group("other", 81)), "");
    assert_eq!(refused(&key("RSA_2048"), &key("RSA_2048")), "");
}

#[test]
fn what_holds_data_needs_a_named_consent_and_what_does_not_needs_none() {
    let missing = |before: &DesiredUnit, after: &DesiredUnit, context: &DeployContext| {
        let units = std::slice::from_ref(after);
        let plan = deploy(units, context, &deployed(std::slice::from_ref(before))).unwrap();
        missing_consents(&plan).iter().map(|missing| missing.consent.option()).collect::<Vec<_>>()
    };
    let (before, after) = (database("DBName", json!("a")), database("DBName", json!("b")));
    let standard = deploy_context();
    assert_eq!(missing(&before, &after, &standard), ["--allow-replacement"]);
    assert_eq!(missing(&before, &database("Engine", json!("mysql")), &standard), ["--allow-replacement"]);
    assert!(missing(&before, &database("AllocatedStorage", json!("9")), &standard).is_empty());
    let disposable = DeployContext { protection: Protection::Disposable, ..deploy_context() };
    assert!(missing(&before, &after, &disposable).is_empty());
    let consents = Consents::from_iter([(Consent::AllowReplacement, instance("data"))]);
    assert!(missing(&before, &after, &DeployContext { consents, ..deploy_context() }).is_empty());

    let network =
        |cidr: &str| with("data", json!({"V": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr}}}));
    assert!(missing(&network("10.0.0.0/16"), &network("10.1.0.0/16"), &standard).is_empty());

    let bucket = |class| with("data", json!({"B": {"Type": "AWS::S3::Bucket"}})).class(class);
    let empty = |class| with("data", json!({"T": {"Type": "AWS::SNS::Topic"}})).class(class);
    assert_eq!(missing(&bucket(Class::Data), &empty(Class::Data), &standard), ["--delete-data"]);
    assert!(missing(&bucket(Class::Stateless), &empty(Class::Stateless), &standard).is_empty());
}

#[test]
fn only_outputs_that_may_change_open_what_reads_them() {
    let provider = |display: &str, name: &str| {
        let mut unit = unit("topics");
        unit.template["Resources"]["Topic"]["Properties"] =
            json!({"DisplayName": display, "TopicName": name});
        unit.template["Outputs"]["Arn"]["Value"] = json!({"Ref": "Topic"});
        unit
    };
    let reader = || unit("web").reads("Topic", "topics");
    let told = |after: DesiredUnit| {
        let plan = plan(&[provider("a", "t"), reader()], &[after, reader()]);
        let changing = plan.action(&instance("topics")).unwrap().changing_outputs.clone();
        (changing.into_iter().collect::<Vec<_>>(), plan.action(&instance("web")).unwrap().action.as_str())
    };
    assert_eq!(told(provider("b", "t")), (Vec::new(), "keep"));
    assert_eq!(told(provider("a", "u")), (vec!["Arn".to_owned()], "update"));
}

#[test]
fn a_type_that_nobody_publishes_is_not_judged() {
    let private =
        |size: u32| with("data", json!({"X": {"Type": "Our::Own::Thing", "Properties": {"Size": size}}}));
    assert_eq!(told(&planned(&private(1), &private(2))), ["X - Properties.Size"]);
    let custom =
        |size: u32| with("data", json!({"X": {"Type": "Custom::Thing", "Properties": {"Size": size}}}));
    assert_eq!(told(&planned(&custom(1), &custom(2))), ["X Conditional Properties.Size"]);
    assert!(deploy(&[private(1)], &deploy_context(), &Observation::default()).is_ok());
}
