use insta::assert_snapshot;
use serde_json::json;

use crate::model::{Class, Protection, StackStatus};
use crate::plan::fixture::{
    Vary, deploy, deploy_context, deployed, environment, instance, seen, teardown_context, unit,
};
use crate::plan::{DeployContext, Observation, Plan, teardown};
use crate::ui::plan_view::Detail;
use crate::ui::{Palette, plan_json, plan_view};

fn shown(plan: &Plan) -> String {
    plan_view::plan(plan, Detail::Normal, &Palette::plain())
}

/// One of each: created, updated, replaced, deleted, kept.
fn mixed() -> Plan {
    let mut before = environment();
    before.extend([unit("cache"), unit("old")]);
    let mut observation = deployed(&before);
    seen(&mut observation, "cache").status = StackStatus::RollbackComplete;
    let mut after = environment();
    after[2] = after[2].clone().display_name("net");
    after[2].template["Outputs"]["Cidr"] = json!({"Value": "10.0.0.0/16"});
    after[3] = after[3].clone().literal("Size", "large");
    after.extend([unit("cache"), unit("messaging").reads("SubnetIds", "network")]);
    deploy(&after, &DeployContext { prune: true, ..deploy_context() }, &observation).unwrap()
}

#[test]
fn a_first_deploy() {
    let plan = deploy(&environment(), &deploy_context(), &Observation::default()).unwrap();
    assert_snapshot!(shown(&plan), @"
    Deploy of demo, release a4d451ec2346

      + create  keys (1 resource)
      + create  network (1 resource)
      + create  data (1 resource)
      + create  web (1 resource)

    Plan: 4 to create.
    ");
    assert_snapshot!(plan_view::plan(&plan, Detail::Verbose, &Palette::plain()), @r#"
    Deploy of demo, release a4d451ec2346

      + create  keys (1 resource)
            + Topic AWS::SNS::Topic
      + create  network (1 resource)
            + Topic AWS::SNS::Topic
      + create  data (1 resource)
            + Topic AWS::SNS::Topic
            parameter KeyArn: (known after keys is created)
            parameter SubnetIds: (known after network is created)
      + create  web (1 resource)
            + Topic AWS::SNS::Topic
            parameter Database: (known after data is created)
            parameter Size: "small"
            parameter SubnetIds: (known after network is created)

    Plan: 4 to create.
    "#);
}

#[test]
fn a_deploy_of_everything_at_once() {
    assert_snapshot!(shown(&mixed()), @r#"
    Deploy of demo, release a4d451ec2346

    -/+ replace cache (1 resource)
            stack is ROLLBACK_COMPLETE
      ~ update  network
            digest changed from b59e9da0d72a to 4f4c2b3a8e13
            template changed at `Outputs.Cidr`
            ~ Topic AWS::SNS::Topic
                Properties.DisplayName
      ~ update  data
            ~ Topic AWS::SNS::Topic
                Properties.ReadsSubnetIds
            parameter SubnetIds: "arn:aws:sns:eu-central-1:000000000000:network" -> (known after network is updated)
      + create  messaging (1 resource)
      ~ update  web
            digest changed from fe002c899585 to b330c2b84631
            ~ Topic AWS::SNS::Topic
                Properties.ReadsDatabase
                Properties.ReadsSubnetIds
            parameter Database: "arn:aws:sns:eu-central-1:000000000000:data" -> (known after data is updated)
            parameter Size: "small" -> "large"
            parameter SubnetIds: "arn:aws:sns:eu-central-1:000000000000:network" -> (known after network is updated)
      - delete  old: gone from the source

    Plan: 1 to create, 3 to update, 1 to replace, 1 to delete, 1 unchanged.
    "#);
}

/// A database gets another name; its subnet group is kept, its alarm follows.
fn replaced(policy: &str, protection: Protection) -> Plan {
    let data = |name: &str, bucket: bool| {
        let mut data = unit("data").class(Class::Data);
        data.template["Resources"] = json!({
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
                "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": {"Ref": "Database"}}]}},
            "Database": {"Type": "AWS::RDS::DBInstance", "UpdateReplacePolicy": policy,
                "Properties": {"Engine": "postgres", "DBName": name}},
        });
        if bucket {
            data.template["Resources"]["Exports"] = json!({"Type": "AWS::S3::Bucket"});
            data.template["Resources"]["Log"] =
                json!({"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain"});
        }
        data.template["Outputs"] =
            json!({"Arn": {"Value": {"Fn::GetAtt": ["Database", "Endpoint.Address"]}}});
        data
    };
    let web = || unit("web").reads("Host", "data");
    let context = DeployContext { protection, ..deploy_context() };
    deploy(&[data("b", false), web()], &context, &deployed(&[data("a", true), web()])).unwrap()
}

#[test]
fn what_an_update_loses_is_loud() {
    assert_snapshot!(shown(&replaced("Delete", Protection::Standard)), @r#"
    Deploy of demo, release a4d451ec2346

      ~ update  data
            digest changed from bf68b34fc5d3 to ca01ff1d6a3d
            ~ Alarm AWS::CloudWatch::Alarm
                Properties.Dimensions[0].Value
          -/+ Database AWS::RDS::DBInstance (replacement)
                Properties.DBName
              LOSES DATA (databases): the old one is deleted
            - Exports AWS::S3::Bucket
              LOSES DATA (objects): it is deleted
            - Log AWS::Logs::LogGroup
              it stays, outside the stack
      ~ update  web
            ~ Topic AWS::SNS::Topic
                Properties.ReadsHost
            parameter Host: "arn:aws:sns:eu-central-1:000000000000:data" -> (known after data is updated)

    Plan: 2 to update.
    Data will be lost: data.Database (AWS::RDS::DBInstance): databases
    Data will be lost: data.Exports (AWS::S3::Bucket): objects
    `deploy` needs, beside `--yes`:
        --allow-replacement data
        --delete-data data
    "#);
    assert_snapshot!(shown(&replaced("Snapshot", Protection::Disposable)), @r#"
    Deploy of demo, release a4d451ec2346

      ~ update  data
            digest changed from 96f34e088560 to 7e0c8117e9c4
            ~ Alarm AWS::CloudWatch::Alarm
                Properties.Dimensions[0].Value
          -/+ Database AWS::RDS::DBInstance (replacement)
                Properties.DBName
              STARTS EMPTY (databases): the old one is deleted after a snapshot
            - Exports AWS::S3::Bucket
              LOSES DATA (objects): it is deleted
            - Log AWS::Logs::LogGroup
              it stays, outside the stack
      ~ update  web
            ~ Topic AWS::SNS::Topic
                Properties.ReadsHost
            parameter Host: "arn:aws:sns:eu-central-1:000000000000:data" -> (known after data is updated)

    Plan: 2 to update.
    Data will be lost: data.Exports (AWS::S3::Bucket): objects
    "#);
}

#[test]
fn what_an_update_loses_is_data_too() {
    let plan = replaced("Delete", Protection::Standard);
    let document = plan_json::plan(&plan);
    assert_snapshot!(crate::ui::text::document(&document["needs_consent"]), @r#"
    [
      {
        "option": "--allow-replacement",
        "resources": [
          "Database"
        ],
        "target": "primary",
        "unit": "data"
      },
      {
        "option": "--delete-data",
        "resources": [
          "Exports"
        ],
        "target": "primary",
        "unit": "data"
      }
    ]
    "#);
    assert_snapshot!(crate::ui::text::document(&document["actions"][0]["consequences"]), @r#"
    [
      {
        "because": [
          "DBName"
        ],
        "cause": "replaced",
        "certain": true,
        "deleted_first": false,
        "fate": "deleted",
        "holds": "databases",
        "logical_id": "Database",
        "resource_type": "AWS::RDS::DBInstance"
      },
      {
        "because": [],
        "cause": "removed",
        "certain": true,
        "deleted_first": false,
        "fate": "deleted",
        "holds": "objects",
        "logical_id": "Exports",
        "resource_type": "AWS::S3::Bucket"
      },
      {
        "because": [],
        "cause": "removed",
        "certain": true,
        "deleted_first": false,
        "fate": "retained",
        "holds": "log events",
        "logical_id": "Log",
        "resource_type": "AWS::Logs::LogGroup"
      }
    ]
    "#);
}

#[test]
fn nothing_to_do() {
    let units = environment();
    let plan = deploy(&units, &deploy_context(), &deployed(&units)).unwrap();
    assert_snapshot!(shown(&plan), @"No changes in demo: 4 unchanged.");
    assert_snapshot!(plan_view::plan(&plan, Detail::Verbose, &Palette::plain()), @"
        keep    keys: unchanged
        keep    network: unchanged
        keep    data: unchanged
        keep    web: unchanged

    No changes in demo: 4 unchanged.
    ");
    let selected = Some([instance("web")].into());
    let plan = deploy(&units, &DeployContext { selected, ..deploy_context() }, &deployed(&units)).unwrap();
    assert_snapshot!(shown(&plan), @"No changes in demo: 1 unchanged, 3 not selected.");
    let plan = deploy(&units[1..3], &deploy_context(), &deployed(&units[..3])).unwrap();
    assert_snapshot!(shown(&plan), @"
    Deploy of demo, release a4d451ec2346

        keep    data: gone from the source

    No changes in demo: 2 unchanged, 1 kept.
    ");
    let plan = teardown(&teardown_context(Protection::Disposable), &Observation::default()).unwrap();
    assert_snapshot!(shown(&plan), @"Nothing to tear down: demo has no stacks.");
}

#[test]
fn teardowns_say_what_is_kept() {
    let plan = teardown(&teardown_context(Protection::Standard), &deployed(&environment())).unwrap();
    assert_snapshot!(shown(&plan), @"
    Teardown of demo

      - delete  web: torn down
        keep    data: class `data` is kept
        keep    network: `data` needs it
        keep    keys: class `permanent` is kept

    Plan: 1 to delete, 3 kept.
    ");
    let plan = teardown(&teardown_context(Protection::Standard), &deployed(&environment()[..2])).unwrap();
    assert_snapshot!(shown(&plan), @"
    Teardown of demo

        keep    data: class `data` is kept
        keep    keys: class `permanent` is kept

    Nothing to tear down in demo: 2 kept.
    ");
}

#[test]
fn the_document_for_programs() {
    let mut plan = mixed();
    plan.actions
        .retain(|action| action.instance == instance("network") || action.instance == instance("old"));
    assert_snapshot!(crate::ui::text::document(&plan_json::plan(&plan)), @r#"
    {
      "actions": [
        {
          "action": "update",
          "changes": [
            {
              "action": "modify",
              "logical_id": "Topic",
              "paths": [
                "Properties.DisplayName"
              ],
              "replacement": "never",
              "resource_type": "AWS::SNS::Topic"
            }
          ],
          "changing_outputs": [
            "Arn",
            "Cidr"
          ],
          "class": "stateless",
          "consequences": [],
          "needs": [],
          "parameters": [],
          "reason": "digest changed from b59e9da0d72a to 4f4c2b3a8e13; template changed at `Outputs.Cidr`",
          "reasons": [
            {
              "because": "digest-changed",
              "from": "sha256:b59e9da0d72af512d6c1751bb197904cc4caf4ee8f1f37f94265053bdd805c4c",
              "to": "sha256:4f4c2b3a8e1352abbc3872f37c327b987ed9205268489e30a800df81d0e5406b"
            },
            {
              "because": "template-changed",
              "path": "Outputs.Cidr"
            }
          ],
          "stack": "fieldbook-demo-network",
          "target": "primary",
          "unit": "network"
        },
        {
          "action": "delete",
          "changes": [],
          "changing_outputs": [],
          "class": "stateless",
          "consequences": [],
          "needs": [],
          "parameters": [],
          "reason": "gone from the source",
          "reasons": [
            {
              "because": "gone-from-source"
            }
          ],
          "stack": "fieldbook-demo-old",
          "target": "primary",
          "unit": "old"
        }
      ],
      "deployment": "sha256:aee50b18a03c89e4883a5acadf5c8614dd7fd2f111c3b616e1a8d6427edc3e3f",
      "environment": "demo",
      "needs_consent": [],
      "operation": "deploy",
      "release": "sha256:a4d451ec23463726f72c43d64c710968f6b602cd653b4de8adee1b556240a829",
      "schema": 1,
      "summary": {
        "create": 0,
        "delete": 1,
        "keep": 0,
        "replace": 0,
        "update": 1
      }
    }
    "#);
}
