//! Rules S1 to S6, U1 to U7, U9, E1 to E4, F1 and F2.

use insta::assert_snapshot;
use proptest::prelude::*;
use rekindle::port::{CloudFormation, DriftDetection, PortErrorKind, UpdateAnswer};
use serde_json::{Value, json};

use super::support::*;

/// A network whose parts depend on each other, and a queue beside it.
pub fn network(cidr: &str, delay: u32) -> Value {
    json!({
        "Resources": {
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr}},
            "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "CidrBlock": {"Fn::Select": [0, {"Fn::Cidr": [cidr, 1, 8]}]}
            }},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay}}
        },
        "Outputs": {"Vpc": {"Value": {"Ref": "Vpc"}}, "Subnet": {"Value": {"Ref": "Subnet"}}}
    })
}

#[tokio::test]
async fn s1_s2_s4_e1_resources_begin_as_soon_as_they_can() {
    let client = client(&[]);
    let id = client.create_stack(&creation("demo", body(network("10.0.0.0/16", 0)))).await.unwrap();
    let busy = client.describe_stack(&id).await.unwrap().unwrap();
    assert_eq!((busy.status.as_str(), busy.outputs.len()), ("CREATE_IN_PROGRESS", 0));
    let (stack, seen) = settle(&client, &id).await;
    assert_eq!(seen, ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]);
    assert_eq!(stack.outputs.len(), 2);
    assert_snapshot!(timeline(&client, &id).await, @"
         0 demo CREATE_IN_PROGRESS (User Initiated)
         0 Queue CREATE_IN_PROGRESS
         0 Queue CREATE_IN_PROGRESS (Resource creation Initiated)
         0 Vpc CREATE_IN_PROGRESS
         0 Vpc CREATE_IN_PROGRESS (Resource creation Initiated)
        12 Vpc CREATE_COMPLETE
        12 Subnet CREATE_IN_PROGRESS
        12 Subnet CREATE_IN_PROGRESS (Resource creation Initiated)
        16 Subnet CREATE_COMPLETE
        72 Queue CREATE_COMPLETE
        72 demo CREATE_COMPLETE
        ");
}

#[tokio::test]
async fn s3_e4_f1_a_failed_creation_rolls_back() {
    let client = client(&["demo.Subnet"]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    assert!(stack.outputs.is_empty());
    assert_snapshot!(timeline(&client, "demo").await, @"
         0 demo CREATE_IN_PROGRESS (User Initiated)
         0 Queue CREATE_IN_PROGRESS
         0 Queue CREATE_IN_PROGRESS (Resource creation Initiated)
         0 Vpc CREATE_IN_PROGRESS
         0 Vpc CREATE_IN_PROGRESS (Resource creation Initiated)
        12 Vpc CREATE_COMPLETE
        12 Subnet CREATE_IN_PROGRESS
        12 Subnet CREATE_IN_PROGRESS (Resource creation Initiated)
        16 Subnet CREATE_FAILED (Requested failure of create (fault demo.Subnet))
        16 Queue CREATE_FAILED (Resource creation cancelled)
        16 demo ROLLBACK_IN_PROGRESS (The following resource(s) failed to create: [Subnet]. Rollback requested by user.)
        16 Queue DELETE_IN_PROGRESS
        16 Vpc DELETE_IN_PROGRESS
        21 Vpc DELETE_COMPLETE
        76 Queue DELETE_COMPLETE
        76 demo ROLLBACK_COMPLETE
        ");
    let failures: Vec<_> =
        events(&client, "demo").await.into_iter().filter(|it| it.is_root_failure()).collect();
    assert_eq!(failures.iter().map(|event| event.logical_id.as_str()).collect::<Vec<_>>(), ["Subnet"]);
    let error = client.update_stack(&update("demo", body(network("10.0.0.0/16", 1)), "u")).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::WrongState);
}

#[tokio::test]
async fn s3_a_rollback_that_fails_says_so() {
    let client = client(&["demo.Subnet", "demo.Vpc:delete"]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    assert_eq!(stack.status.as_str(), "ROLLBACK_FAILED");
    assert_eq!(stack.status_reason.as_deref(), Some("The following resource(s) failed to delete: [Vpc]."));
}

#[tokio::test]
async fn s4_an_output_that_cannot_be_computed_fails_the_stack() {
    let template = json!({
        "Resources": {"T": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"O": {"Value": {"Fn::Select": [1, ["only one"]]}}}
    });
    let client = client(&[]);
    let (stack, seen) = {
        let id = client.create_stack(&creation("demo", body(template))).await.unwrap();
        settle(&client, &id).await
    };
    assert_eq!(seen, ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]);
    assert_eq!(stack.outputs.len(), 0);
}

#[tokio::test]
async fn s5_a_creation_that_takes_too_long_rolls_back() {
    let client = client(&[]);
    let mut request = creation("demo", body(network("10.0.0.0/16", 0)));
    request.timeout_minutes = Some(1);
    let id = client.create_stack(&request).await.unwrap();
    assert_eq!(settle(&client, &id).await.0.status.as_str(), "ROLLBACK_COMPLETE");
    assert_snapshot!(timeline(&client, &id).await, @"
          0 demo CREATE_IN_PROGRESS (User Initiated)
          0 Queue CREATE_IN_PROGRESS
          0 Queue CREATE_IN_PROGRESS (Resource creation Initiated)
          0 Vpc CREATE_IN_PROGRESS
          0 Vpc CREATE_IN_PROGRESS (Resource creation Initiated)
         12 Vpc CREATE_COMPLETE
         12 Subnet CREATE_IN_PROGRESS
         12 Subnet CREATE_IN_PROGRESS (Resource creation Initiated)
         16 Subnet CREATE_COMPLETE
         60 Queue CREATE_FAILED (Resource creation cancelled)
         60 demo ROLLBACK_IN_PROGRESS (Stack creation time exceeded the specified timeout. Rollback requested by user.)
         60 Queue DELETE_IN_PROGRESS
         60 Subnet DELETE_IN_PROGRESS
         65 Subnet DELETE_COMPLETE
         65 Vpc DELETE_IN_PROGRESS
         70 Vpc DELETE_COMPLETE
        120 Queue DELETE_COMPLETE
        120 demo ROLLBACK_COMPLETE
        ");
}

#[tokio::test]
async fn u1_u2_u3_an_update_touches_what_differs_and_cleans_up() {
    let client = client(&[]);
    let before = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    let mut template = network("10.1.0.0/16", 0);
    template["Resources"].as_object_mut().unwrap().remove("Queue");
    let (_, seen) = change(&client, &before.id, body(template)).await;
    assert_eq!(seen, ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]);
    let after = client.describe_stack(&before.id).await.unwrap().unwrap();
    assert_ne!(before.outputs["Vpc"], after.outputs["Vpc"]);
    assert!(after.updated.is_some());
    assert_snapshot!(lines(&events(&client, "demo").await[11..]), @"
         72 demo UPDATE_IN_PROGRESS (User Initiated)
         72 Vpc UPDATE_IN_PROGRESS (Requested update requires the creation of a new physical resource; hence creating one.)
         72 Vpc UPDATE_IN_PROGRESS (Resource creation Initiated)
         84 Vpc UPDATE_COMPLETE
         84 Subnet UPDATE_IN_PROGRESS (Requested update requires the creation of a new physical resource; hence creating one.)
         84 Subnet UPDATE_IN_PROGRESS (Resource creation Initiated)
         88 Subnet UPDATE_COMPLETE
         88 demo UPDATE_COMPLETE_CLEANUP_IN_PROGRESS
         88 Queue DELETE_IN_PROGRESS
         88 Subnet DELETE_IN_PROGRESS
         93 Subnet DELETE_COMPLETE
         93 Vpc DELETE_IN_PROGRESS
         98 Vpc DELETE_COMPLETE
        148 Queue DELETE_COMPLETE
        148 demo UPDATE_COMPLETE
        ");
}

#[tokio::test]
async fn u3_what_cannot_be_cleaned_up_is_left_behind() {
    let client = client(&["demo.Queue:delete"]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    let mut template = network("10.0.0.0/16", 0);
    template["Resources"].as_object_mut().unwrap().remove("Queue");
    let (_, seen) = change(&client, &stack.id, body(template)).await;
    assert_eq!(seen.last().unwrap(), "UPDATE_COMPLETE");
    assert!(timeline(&client, "demo").await.contains("Queue DELETE_FAILED"));
}

#[tokio::test]
async fn u4_f1_a_failed_update_goes_back_to_what_was() {
    let client = client(&["demo.Subnet:create"]);
    let mut first = network("10.0.0.0/16", 0);
    let subnet = first["Resources"].as_object_mut().unwrap().remove("Subnet").unwrap();
    first["Outputs"] = json!({"Vpc": {"Value": {"Ref": "Vpc"}}});
    let before = create(&client, "demo", body(first.clone())).await;
    let mut second = network("10.1.0.0/16", 5);
    second["Resources"]["Subnet"] = subnet;
    let (_, seen) = change(&client, &before.id, body(second)).await;
    assert_eq!(
        seen,
        [
            "UPDATE_IN_PROGRESS",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_ROLLBACK_COMPLETE"
        ]
    );
    let after = client.describe_stack(&before.id).await.unwrap().unwrap();
    assert_eq!(after.outputs, before.outputs);
    assert_eq!(client.template(&before.id).await.unwrap(), first.to_string());
    assert_snapshot!(lines(&events(&client, "demo").await[8..]), @"
        72 demo UPDATE_IN_PROGRESS (User Initiated)
        72 Queue UPDATE_IN_PROGRESS
        72 Vpc UPDATE_IN_PROGRESS (Requested update requires the creation of a new physical resource; hence creating one.)
        72 Vpc UPDATE_IN_PROGRESS (Resource creation Initiated)
        74 Queue UPDATE_COMPLETE
        84 Vpc UPDATE_COMPLETE
        84 Subnet CREATE_IN_PROGRESS
        84 Subnet CREATE_IN_PROGRESS (Resource creation Initiated)
        88 Subnet CREATE_FAILED (Requested failure of create (fault demo.Subnet:create))
        88 demo UPDATE_ROLLBACK_IN_PROGRESS (The following resource(s) failed to create: [Subnet].)
        88 Queue UPDATE_IN_PROGRESS
        88 Vpc UPDATE_COMPLETE
        90 Queue UPDATE_COMPLETE
        90 demo UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS
        90 Vpc DELETE_IN_PROGRESS
        95 Vpc DELETE_COMPLETE
        95 demo UPDATE_ROLLBACK_COMPLETE
        ");
    let again = update_directly(&client, &before.id, body(first), "again").await;
    assert_eq!(again, UpdateAnswer::NothingToDo, "everything is as before");
}

#[tokio::test]
async fn u5_a_resource_that_cannot_go_back_needs_hands() {
    let client = client(&["demo.Vpc:update", "demo.Queue:rollback"]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    let mut template = network("10.0.0.0/16", 9);
    template["Resources"]["Vpc"]["Properties"]["EnableDnsSupport"] = json!(true);
    let (_, seen) = change(&client, &stack.id, body(template)).await;
    assert_eq!(seen.last().unwrap(), "UPDATE_ROLLBACK_FAILED");
    let detection = client.detect_drift(&stack.id).await.unwrap();
    let result = client.drift_detection(&detection).await.unwrap();
    assert_eq!(result, DriftDetection::Done { drifted: 1 }, "the template is the old one, the queue is not");
    let drifted = client.resource_drifts(&stack.id).await.unwrap().drifted;
    assert_eq!(drifted[0].logical_id, "Queue");
    assert_eq!(drifted[0].paths, ["/DelaySeconds"]);
}

#[tokio::test]
async fn u6_what_counts_as_an_update() {
    let base = json!({
        "Parameters": {"Unused": {"Type": "String", "Default": "a"}},
        "Resources": {"Q": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"O": {"Value": "1"}}
    });
    let edits: [(&str, Value, bool); 8] = [
        ("/Description", json!("new"), false),
        ("/Metadata", json!({"a": 1}), false),
        ("/Parameters/Unused/Default", json!("b"), false),
        ("/Conditions", json!({"C": {"Fn::Equals": [1, 1]}}), false),
        ("/Resources/Q/DeletionPolicy", json!("Retain"), false),
        ("/Outputs/O/Value", json!("2"), true),
        ("/Outputs/O/Export", json!({"Name": "n"}), true),
        ("/Resources/Q/Metadata", json!({"a": 1}), true),
    ];
    for (pointer, value, counts) in edits {
        let client = client(&[]);
        let stack = create(&client, "demo", body(base.clone())).await;
        let mut template = base.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        template.pointer_mut(parent).unwrap()[key] = value;
        let answer = update_directly(&client, &stack.id, body(template), "u").await;
        assert_eq!(answer == UpdateAnswer::Started, counts, "{pointer}");
        assert!(settle(&client, &stack.id).await.0.status.is_healthy());
    }
}

#[tokio::test]
async fn u7_tags_reach_every_resource_that_can_be_tagged() {
    let client = client(&[]);
    let template = json!({"Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Gateway": {"Type": "AWS::EC2::InternetGateway"},
        "Attachment": {"Type": "AWS::EC2::VPCGatewayAttachment", "Properties": {
            "VpcId": {"Ref": "Vpc"}, "InternetGatewayId": {"Ref": "Gateway"}}}
    }});
    let stack = create(&client, "demo", body(template.clone())).await;
    let mut tagged = body(template);
    tagged.tags.insert("team".to_owned(), "platform".to_owned());
    let (set, seen) = change(&client, &stack.id, tagged).await;
    let lines: Vec<_> = set.changes.iter().map(|it| format!("{} {:?}", it.logical_id, it.paths)).collect();
    assert_eq!(lines, [r#"Gateway ["Tags"]"#, r#"Vpc ["Tags"]"#]);
    assert_eq!(seen.last().unwrap(), "UPDATE_COMPLETE");
    assert_eq!(client.describe_stack("demo").await.unwrap().unwrap().tags["team"], "platform");
}

#[tokio::test]
async fn u9_policies_keep_what_an_update_no_longer_needs() {
    let client = client(&[]);
    let mut first = network("10.0.0.0/16", 0);
    first["Resources"]["Vpc"]["UpdateReplacePolicy"] = json!("Retain");
    first["Resources"]["Queue"]["DeletionPolicy"] = json!("Retain");
    let stack = create(&client, "demo", body(first)).await;
    let mut second = network("10.1.0.0/16", 0);
    second["Resources"].as_object_mut().unwrap().remove("Queue");
    change(&client, &stack.id, body(second)).await;
    let skipped: Vec<_> =
        events(&client, "demo").await.into_iter().filter(|event| event.status == "DELETE_SKIPPED").collect();
    assert_eq!(skipped.iter().map(|it| it.logical_id.as_str()).collect::<Vec<_>>(), ["Queue", "Vpc"]);
    assert_eq!(skipped[1].physical_id.as_ref(), Some(&stack.outputs["Vpc"]));
}

#[tokio::test]
async fn e1_e2_pages_do_not_shift_and_events_carry_their_token() {
    let client = client(&[]);
    let topics = (0..120).map(|n| (format!("T{n:03}"), json!({"Type": "AWS::SNS::Topic"})));
    let stack = create(&client, "demo", body(json!({"Resources": Value::Object(topics.collect())}))).await;
    let first = client.events(&stack.id, None).await.unwrap();
    assert_eq!(first.items.len(), 100);
    assert_eq!(first.items[0].status, "CREATE_COMPLETE");
    client.delete_stack(&deletion(&stack.id, "gone")).await.unwrap();
    let second = client.events(&stack.id, first.next.as_deref()).await.unwrap();
    let all = events(&client, &stack.id).await;
    assert_eq!(first.items.last().unwrap().id, all[262].id);
    assert_eq!(second.items[0].id, all[261].id);
    assert!(all[..362].iter().all(|event| event.token.as_deref() == Some("create-demo")));
    assert!(all[362..].iter().all(|event| event.token.as_deref() == Some("gone")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// S2, D1: whatever the graph, what a resource needs is there before it begins, and is deleted
    /// only after it is gone.
    #[test]
    fn s2_d1_any_graph_is_made_forwards_and_deleted_backwards(edges in prop::collection::vec((0u8..12, 0u8..12), 0..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut needs = vec![std::collections::BTreeSet::new(); 12];
            for (a, b) in edges.iter().filter(|(a, b)| a != b) {
                needs[usize::from(*a.max(b))].insert(format!("R{}", a.min(b)));
            }
            let types = ["AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::EC2::VPC", "AWS::KMS::Key"];
            let resources = needs.iter().enumerate().map(|(n, needs)| {
                (format!("R{n}"), json!({"Type": types[n % 4], "DependsOn": needs}))
            });
            let client = client(&[]);
            let stack = create(&client, "demo", body(json!({"Resources": Value::Object(resources.collect())}))).await;
            client.delete_stack(&deletion(&stack.id, "d")).await.unwrap();
            assert_eq!(settle(&client, &stack.id).await.0.status.as_str(), "DELETE_COMPLETE");
            let events = events(&client, &stack.id).await;
            let at = |id: &str, status: &str| {
                events.iter().position(|event| event.logical_id == id && event.status == status).unwrap()
            };
            for (n, needs) in needs.iter().enumerate() {
                for need in needs {
                    let id = format!("R{n}");
                    assert!(at(need, "CREATE_COMPLETE") < at(&id, "CREATE_IN_PROGRESS"));
                    assert!(at(&id, "DELETE_COMPLETE") < at(need, "DELETE_IN_PROGRESS"));
                }
            }
        });
    }
}
