//! Change sets and updates through the AWS adapter, against recorded answers.

use insta::{assert_debug_snapshot, assert_snapshot};
use rekindle::port::{
    ChangeSetStatus, ContinueRollback, CreateStack, DeleteStack, UpdateAnswer, UpdateStack,
};

use crate::support::answers::{Answers, error, result};
use crate::support::request::{ACCOUNT, STACK, update};
use crate::support::target::{cloud, target};

#[tokio::test]
async fn a_change_set_is_an_update_and_clears_what_is_no_longer_wanted() {
    let server = Answers::start([result("CreateChangeSet", "<Id>arn:change-set</Id>")]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    let mut request = update("{}");
    request.body.notifications.clear();
    request.body.tags.clear();
    assert_eq!(cloud.create_change_set("rekindle-1", &request).await.unwrap(), "arn:change-set");
    assert_snapshot!(server.requests()[0].fields());
}

#[tokio::test]
async fn every_page_of_a_change_set_is_read() {
    let line = |name: &str, replacement: &str, details: &str| {
        format!(
            "<member><Type>Resource</Type><ResourceChange><Action>Modify</Action>\
             <LogicalResourceId>{name}</LogicalResourceId><ResourceType>AWS::S3::Bucket</ResourceType>\
             <Replacement>{replacement}</Replacement><Details>{details}</Details></ResourceChange></member>"
        )
    };
    let detail = |attribute: &str, name: &str| {
        format!(
            "<member><Target><Attribute>{attribute}</Attribute>{name}</Target></member>\
             <member><Target><Attribute>{attribute}</Attribute>{name}</Target></member>"
        )
    };
    let named = detail("Properties", "<Name>BucketName</Name>");
    let page = |changes: &str, next: &str| {
        result(
            "DescribeChangeSet",
            &format!(
                "<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus>\
                 <Changes>{changes}</Changes>{next}"
            ),
        )
    };
    let server = Answers::start([
        page(&line("First", "True", &named), "<NextToken>second</NextToken>"),
        page(&line("Second", "Conditional", &detail("Tags", "")), ""),
    ]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    let change_set = cloud.describe_change_set("arn:change-set").await.unwrap();
    assert_eq!(server.requests()[1].form["NextToken"], "second");
    assert_debug_snapshot!(change_set);
}

#[tokio::test]
async fn a_change_set_tells_what_leaves_a_replacement_open() {
    let detail = |attribute: &str, name: &str, recreation: &str| {
        format!(
            "<member><Target><Attribute>{attribute}</Attribute>{name}{recreation}</Target></member>",
            name = if name.is_empty() { String::new() } else { format!("<Name>{name}</Name>") },
            recreation = if recreation.is_empty() {
                String::new()
            } else {
                format!("<RequiresRecreation>{recreation}</RequiresRecreation>")
            },
        )
    };
    let details = [
        detail("Properties", "MultiAZ", "Conditionally"),
        detail("Properties", "DBInstanceClass", "Never"),
        detail("Properties", "Later", ""),
        detail("Tags", "", ""),
    ];
    let answer = |replacement: &str| {
        result(
            "DescribeChangeSet",
            &format!(
                "<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus><Changes><member>\
                 <Type>Resource</Type><ResourceChange><Action>Modify</Action>\
                 <LogicalResourceId>Database</LogicalResourceId><ResourceType>AWS::RDS::DBInstance</ResourceType>\
                 <Replacement>{replacement}</Replacement><Details>{}</Details></ResourceChange></member></Changes>",
                details.join("")
            ),
        )
    };
    let server = Answers::start([answer("Conditional"), answer("False")]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    let open = cloud.describe_change_set("arn:change-set").await.unwrap();
    assert_eq!(open.changes[0].replacing, ["Properties.Later", "Properties.MultiAZ"]);
    let decided = cloud.describe_change_set("arn:change-set").await.unwrap();
    assert!(decided.changes[0].replacing.is_empty());
}

#[tokio::test]
async fn the_states_of_a_change_set_are_told_apart() {
    let failed = |reason: &str| format!("<Status>FAILED</Status><StatusReason>{reason}</StatusReason>");
    let complete = |execution: &str| {
        format!("<Status>CREATE_COMPLETE</Status><ExecutionStatus>{execution}</ExecutionStatus>")
    };
    let no_longer =
        |execution: &str| ChangeSetStatus::Failed(format!("it can no longer be executed: {execution}"));
    let table = [
        ("<Status>CREATE_PENDING</Status>".to_owned(), ChangeSetStatus::Pending),
        ("<Status>CREATE_IN_PROGRESS</Status>".to_owned(), ChangeSetStatus::Pending),
        (complete("UNAVAILABLE"), ChangeSetStatus::Pending),
        (complete("AVAILABLE"), ChangeSetStatus::Ready),
        (complete("OBSOLETE"), no_longer("OBSOLETE")),
        (complete("EXECUTE_COMPLETE"), no_longer("EXECUTE_COMPLETE")),
        (
            failed("The submitted information didn&apos;t contain changes. Submit different information."),
            ChangeSetStatus::Empty,
        ),
        (failed("No updates are to be performed."), ChangeSetStatus::Empty),
        (
            failed("Parameters: [A] must have values"),
            ChangeSetStatus::Failed("Parameters: [A] must have values".to_owned()),
        ),
        (
            "<Status>DELETE_COMPLETE</Status>".to_owned(),
            ChangeSetStatus::Failed("it is DELETE_COMPLETE: CloudFormation gives no reason".to_owned()),
        ),
    ];
    let server = Answers::start(table.iter().map(|(answer, _)| result("DescribeChangeSet", answer)));
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    for (answer, expected) in table {
        assert_eq!(cloud.describe_change_set("arn").await.unwrap().status, expected, "{answer}");
    }
}

#[tokio::test]
async fn an_update_without_changes_is_no_error() {
    let server = Answers::start([
        error(400, "ValidationError", "No updates are to be performed."),
        result("UpdateStack", &format!("<StackId>{STACK}</StackId>")),
    ]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    assert_eq!(cloud.update_stack(&update("{}")).await.unwrap(), UpdateAnswer::NothingToDo);
    assert_eq!(cloud.update_stack(&update("{}")).await.unwrap(), UpdateAnswer::Started);
    assert_eq!(server.requests()[1].form["ClientRequestToken"], "run-1-data-update");
}

#[tokio::test]
async fn what_is_set_back_taken_in_skipped_and_retained_is_asked_for_by_its_name() {
    let answers = [
        result("CreateChangeSet", "<Id>arn:revert</Id>"),
        result("CreateChangeSet", "<Id>arn:adopt</Id><StackId>arn:stack</StackId>"),
        result("ContinueUpdateRollback", ""),
        result("DeleteStack", ""),
    ];
    let server = Answers::start(answers);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    let update = UpdateStack { reverts_drift: true, ..update("{}") };
    assert_eq!(cloud.create_change_set("rekindle-1", &update).await.unwrap(), "arn:revert");
    let create = CreateStack {
        stack: "fieldbook-demo-data".parse().unwrap(),
        body: update.body.clone(),
        stack_policy: None,
        termination_protection: false,
        timeout_minutes: None,
        token: "create".to_owned(),
    };
    assert_eq!(cloud.create_adopting("rekindle-2", &create).await.unwrap(), "arn:adopt");
    let (stack, skipped) = (STACK.to_owned(), ["Queue".to_owned()].into());
    let go_on = ContinueRollback { stack: stack.clone(), skipped, token: "continue".to_owned() };
    cloud.continue_rollback(&go_on).await.unwrap();
    let (service_role, retain) = (None, ["Vpc".to_owned()].into());
    cloud
        .delete_stack(&DeleteStack { stack, service_role, retain, token: "delete".to_owned() })
        .await
        .unwrap();
    let sent: Vec<String> = server.requests().iter().map(|request| request.fields()).collect();
    for (request, fields) in sent.iter().zip([
        &["ChangeSetType=UPDATE", "DeploymentMode=REVERT_DRIFT"][..],
        &["ChangeSetType=CREATE", "ImportExistingResources=true"],
        &["ResourcesToSkip.member.1=Queue", "ClientRequestToken=continue"],
        &["RetainResources.member.1=Vpc", "ClientRequestToken=delete"],
    ]) {
        for field in fields {
            assert!(request.contains(field), "{field}: {request}");
        }
    }
}
