use insta::assert_snapshot;
use serde_json::json;

use crate::engine::Operation;
use crate::estimate::{Confidence, Estimate, Source};
use crate::model::{Class, Digest, EnvironmentName, ResourceOperation, StackStatus};
use crate::plan::ActionKind;
use crate::plan::fixture::{deployed, environment, instance, seen};
use crate::ui::rehearsal_view::{AssumedConsent, Rehearsal, Span, Step};
use crate::ui::status_view::StatusRow;
use crate::ui::verify_view::{Difference, Verification};
use crate::ui::{Palette, estimate_view, outputs_view, rehearsal_view, status_view, text, verify_view};

fn demo() -> EnvironmentName {
    "demo".parse().unwrap()
}

#[test]
fn status_is_a_table() {
    let mut observation = deployed(&environment());
    seen(&mut observation, "data").status = StackStatus::UpdateRollbackFailed;
    seen(&mut observation, "keys").outputs.clear();
    let mut rows: Vec<StatusRow> =
        observation.stacks.values().flatten().filter_map(|stack| StatusRow::of(stack)).collect();
    let stack = "fieldbook-demo-cache".to_owned();
    rows.push(StatusRow::absent(instance("cache@recovery"), stack, Class::Stateless));
    let now = "2026-11-03T10:00:00Z".parse().unwrap();
    assert_snapshot!(status_view::status(&demo(), &rows, now, &Palette::plain()), @"
    UNIT            STATUS                  CLASS      RELEASE       AGE  STACK
    data            UPDATE_ROLLBACK_FAILED  data       a4d451ec2346  2d   fieldbook-demo-data
    keys            CREATE_COMPLETE         unknown    -             2d   fieldbook-demo-keys
    network         CREATE_COMPLETE         stateless  a4d451ec2346  2d   fieldbook-demo-network
    web             CREATE_COMPLETE         stateless  a4d451ec2346  2d   fieldbook-demo-web
    cache@recovery  (absent)                stateless  -             -    fieldbook-demo-cache
    ");
    assert_snapshot!(status_view::status(&demo(), &[], now, &Palette::plain()), @"demo has no stacks.");
    assert_snapshot!(text::document(&status_view::document(&demo(), &rows[..1], true)), @r#"
    {
      "environment": "demo",
      "schema": 1,
      "source": "read",
      "stacks": [
        {
          "changed": "2026-11-01T10:00:00Z",
          "class": "data",
          "release": "sha256:a4d451ec23463726f72c43d64c710968f6b602cd653b4de8adee1b556240a829",
          "stack": "fieldbook-demo-data",
          "status": "UPDATE_ROLLBACK_FAILED",
          "unit": "data"
        }
      ]
    }
    "#);
}

#[test]
fn outputs_are_one_per_line_without_our_own() {
    let observation = deployed(&environment());
    let outputs = outputs_view::collect(observation.stacks.values().flatten().map(|stack| &**stack));
    assert_snapshot!(outputs_view::outputs(&demo(), &outputs), @"
    data.Arn     arn:aws:sns:eu-central-1:000000000000:data
    keys.Arn     arn:aws:sns:eu-central-1:000000000000:keys
    network.Arn  arn:aws:sns:eu-central-1:000000000000:network
    web.Arn      arn:aws:sns:eu-central-1:000000000000:web
    ");
    assert_snapshot!(outputs_view::document(&demo(), &outputs), @r#"{"environment":"demo","outputs":{"data":{"Arn":"arn:aws:sns:eu-central-1:000000000000:data"},"keys":{"Arn":"arn:aws:sns:eu-central-1:000000000000:keys"},"network":{"Arn":"arn:aws:sns:eu-central-1:000000000000:network"},"web":{"Arn":"arn:aws:sns:eu-central-1:000000000000:web"}},"schema":1}"#);
    assert_snapshot!(outputs_view::outputs(&demo(), &Default::default()), @"demo has no outputs.");
}

#[test]
fn a_verification_lists_what_differs() {
    let mut found = Verification {
        environment: demo(),
        release: Digest::of("release"),
        deployment: Digest::of("deployment"),
        checked: 6,
        drift: false,
        differences: Vec::new(),
        unchecked: Vec::new(),
    };
    assert_snapshot!(verify_view::verification(&found, &Palette::plain()), @"
    demo is what the source says (6 units)
      release    sha256:a4d451ec23463726f72c43d64c710968f6b602cd653b4de8adee1b556240a829
      deployment sha256:aee50b18a03c89e4883a5acadf5c8614dd7fd2f111c3b616e1a8d6427edc3e3f
    ");
    found.drift = true;
    for (name, difference) in [
        ("data", "parameter `Size` is `huge`, should be `small`"),
        ("data", "`Database` (AWS::RDS::DBInstance) drifted at /AllocatedStorage"),
        ("web", "there is no stack"),
    ] {
        let detail = json!({"difference": "example"});
        found.differences.push(Difference {
            instance: instance(name),
            difference: difference.to_owned(),
            detail,
        });
    }
    assert_snapshot!(verify_view::verification(&found, &Palette::plain()), @"
    demo differs from the source: 3 differences (6 units, drift included)
      data
        parameter `Size` is `huge`, should be `small`
        `Database` (AWS::RDS::DBInstance) drifted at /AllocatedStorage
      web
        there is no stack
      release    sha256:a4d451ec23463726f72c43d64c710968f6b602cd653b4de8adee1b556240a829
      deployment sha256:aee50b18a03c89e4883a5acadf5c8614dd7fd2f111c3b616e1a8d6427edc3e3f
    ");
    found.differences[1].detail["difference"] = "drift".into();
    assert_snapshot!(verify_view::verification(&found, &Palette::plain()), @"
    demo differs from the source: 3 differences (6 units, drift included)
      data
        parameter `Size` is `huge`, should be `small`
        `Database` (AWS::RDS::DBInstance) drifted at /AllocatedStorage
      web
        there is no stack
      hint: `deploy --revert-drift` puts it back; or write into the source what it is now, and deploy that (docs/recovery.md)
      release    sha256:a4d451ec23463726f72c43d64c710968f6b602cd653b4de8adee1b556240a829
      deployment sha256:aee50b18a03c89e4883a5acadf5c8614dd7fd2f111c3b616e1a8d6427edc3e3f
    ");
    assert_eq!(verify_view::document(&found)["outcome"], "different");
    assert_eq!(verify_view::document(&found)["differences"][2]["unit"], "web");
}

fn predicted() -> Rehearsal {
    let span =
        |name: &str, start, end| Span { instance: instance(name), action: ActionKind::Create, start, end };
    let step = |name: &str, resource: &str, resource_type: &str, seconds| Step {
        instance: instance(name),
        resource: Some(resource.to_owned()),
        resource_type: Some(resource_type.to_owned()),
        operation: Some(ResourceOperation::Create),
        seconds,
    };
    Rehearsal {
        operation: Operation::Deploy,
        environment: demo(),
        seconds: 905.0,
        slow_seconds: Some(1260.0),
        confidence: Confidence { steps: [(Source::Table, 3), (Source::Type, 1)].into(), samples: 1 },
        spans: vec![
            span("keys", 0.0, 12.0),
            span("network", 0.0, 205.0),
            span("data", 205.0, 725.0),
            span("web", 725.0, 905.0),
        ],
        critical_path: vec![
            step("network", "NatGateway", "AWS::EC2::NatGateway", 120.0),
            step("data", "Database", "AWS::RDS::DBInstance", 510.0),
            step("web", "LoadBalancer", "AWS::ElasticLoadBalancingV2::LoadBalancer", 155.0),
        ],
        consents: vec![AssumedConsent::Yes],
        unknown_types: vec!["Custom::Thing".to_owned()],
    }
}

#[test]
fn a_rehearsal_shows_who_works_when() {
    assert_snapshot!(rehearsal_view::rehearsal(&predicted(), &Palette::plain()), @"
    A real deploy of demo takes about 15m 05s, nine times of ten within 21m 00s
    (from nothing, whatever stands now; `plan` tells what would change)
    (1 of 4 steps by this account's own records)

    Who works when
      keys     create |█                                       | 12s
      network  create |█████████                               | 3m 25s
      data     create |         ███████████████████████        | 8m 40s
      web      create |                                ████████| 3m 00s

    Critical path
      network  NatGateway    AWS::EC2::NatGateway                       create  2m 00s
      data     Database      AWS::RDS::DBInstance                       create  8m 30s
      web      LoadBalancer  AWS::ElasticLoadBalancingV2::LoadBalancer  create  2m 35s

    The real run will need
      `--yes`, or an answer

    Not measured, guessed: Custom::Thing
    ");
    assert_snapshot!(rehearsal_view::document(&predicted()), @r#"{"confidence":{"guess":0,"resource":0,"table":3,"type":1},"critical_path":[{"operation":"create","resource":"NatGateway","seconds":120.0,"type":"AWS::EC2::NatGateway","unit":"network"},{"operation":"create","resource":"Database","seconds":510.0,"type":"AWS::RDS::DBInstance","unit":"data"},{"operation":"create","resource":"LoadBalancer","seconds":155.0,"type":"AWS::ElasticLoadBalancingV2::LoadBalancer","unit":"web"}],"environment":"demo","from":"nothing","needs_consent":[{"option":"--yes","resources":[],"target":null,"unit":null}],"operation":"deploy","p50_seconds":905.0,"p90_seconds":1260.0,"schema":1,"unknown_types":["Custom::Thing"]}"#);
}

#[test]
fn a_rehearsal_that_failed_at_once_is_short_and_predicts_no_success() {
    let nothing = Rehearsal {
        seconds: 0.0,
        slow_seconds: None,
        confidence: Confidence::default(),
        spans: Vec::new(),
        critical_path: Vec::new(),
        consents: Vec::new(),
        unknown_types: Vec::new(),
        ..predicted()
    };
    assert_snapshot!(rehearsal_view::rehearsal(&nothing, &Palette::plain()), @"
    A real deploy of demo that fails like this one ends after about 0s
    (from nothing, whatever stands now; `plan` tells what would change)
    ");
}

#[test]
fn the_line_of_an_estimate_says_what_it_leaves_out() {
    let gone = "gone".parse().unwrap();
    let estimate = Estimate { unknown_units: [gone].into(), ..Estimate::default() };
    assert_snapshot!(
        estimate_view::line(&estimate),
        @"about 0s, nine of ten runs within 0s (by the table of means; no records yet); left out: 1 stack whose contents nobody knows"
    );
}
