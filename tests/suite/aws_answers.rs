//! The AWS adapter against recorded answers: what emulators do not show. Roles, notifications,
//! time-outs, tokens, long templates, drift.

use insta::{assert_debug_snapshot, assert_snapshot};
use rekindle::model::{StackStatus, Target};
use rekindle::port::{DeleteStack, DriftDetection, PortErrorKind};

use crate::support::answers::{Answer, Answers, error, result};
use crate::support::request::{ACCOUNT, STACK, create, update};
use crate::support::target::{cloud, shown, target};

fn with_artifacts() -> Target {
    Target { artifacts: Some("s3://fieldbook.artifacts/environments/".to_owned()), ..target(ACCOUNT) }
}

fn created() -> Answer {
    result("CreateStack", &format!("<StackId>{STACK}</StackId>"))
}

#[tokio::test]
async fn a_creation_sends_everything_that_was_asked_for() {
    let server = Answers::start([created()]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    assert_eq!(cloud.create_stack(&create("{}")).await.unwrap(), STACK);
    assert_snapshot!(server.requests()[0].fields());
}

#[tokio::test]
async fn a_creation_asked_for_again_carries_the_same_token() {
    let server = Answers::start([Answer::Nothing, created()]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    let lost = cloud.create_stack(&create("{}")).await.unwrap_err();
    assert!(lost.is_transient());
    assert_eq!(cloud.create_stack(&create("{}")).await.unwrap(), STACK);
    let requests = server.requests();
    assert_eq!(requests.len(), 2, "the adapter itself never asks twice");
    assert_eq!(requests[0].form["ClientRequestToken"], "run-1-data-create");
    assert_eq!(requests[0].form, requests[1].form);
}

#[tokio::test]
async fn a_stack_is_read_with_all_that_it_says() {
    let stacks = format!(
        "<Stacks><member><StackId>{STACK}</StackId><StackName>fieldbook-demo-data</StackName>\
         <CreationTime>2026-11-03T10:00:00.250Z</CreationTime>\
         <LastUpdatedTime>2026-11-04T10:00:00Z</LastUpdatedTime>\
         <StackStatus>UPDATE_ROLLBACK_FAILED</StackStatus><StackStatusReason>why</StackStatusReason>\
         <RoleARN>arn:aws:iam::111122223333:role/deployer</RoleARN>\
         <EnableTerminationProtection>true</EnableTerminationProtection>\
         <ParentId>arn:parent</ParentId>\
         <Capabilities><member>CAPABILITY_IAM</member></Capabilities>\
         <Parameters><member><ParameterKey>Ami</ParameterKey><ParameterValue>/ami</ParameterValue>\
         <ResolvedValue>ami-1</ResolvedValue></member></Parameters>\
         <Outputs><member><OutputKey>Name</OutputKey><OutputValue>value</OutputValue></member></Outputs>\
         <Tags><member><Key>team</Key><Value>platform</Value></member></Tags></member>\
         <member><StackId>arn:other</StackId><StackName>other</StackName>\
         <CreationTime>2026-11-03T10:00:00Z</CreationTime>\
         <StackStatus>SOMETHING_NEW</StackStatus></member></Stacks><NextToken>second</NextToken>"
    );
    let server = Answers::start([result("DescribeStacks", &stacks)]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    let page = cloud.describe_stacks(Some("first")).await.unwrap();
    assert_eq!(server.requests()[0].form["NextToken"], "first");
    assert_eq!(page.next.as_deref(), Some("second"));
    assert_eq!(page.items[1].status, StackStatus::Unknown("SOMETHING_NEW".to_owned()));
    assert_debug_snapshot!(page.items[0]);
}

#[tokio::test]
async fn executions_and_deletions_carry_role_and_token() {
    let server = Answers::start([result("ExecuteChangeSet", ""), result("DeleteStack", "")]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    cloud.execute_change_set("arn:change-set", "run-1-data-execute").await.unwrap();
    let request = DeleteStack {
        stack: STACK.to_owned(),
        service_role: Some("arn:aws:iam::111122223333:role/deployer".to_owned()),
        retain: Default::default(),
        token: "run-1-data-delete".to_owned(),
    };
    cloud.delete_stack(&request).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].form["ClientRequestToken"], "run-1-data-execute");
    assert_eq!(requests[1].form["ClientRequestToken"], "run-1-data-delete");
    assert_eq!(requests[1].form["RoleARN"], "arn:aws:iam::111122223333:role/deployer");
}

#[tokio::test]
async fn events_keep_the_token_of_their_operation() {
    let events = "<StackEvents><member><EventId>1</EventId><StackId>arn</StackId><StackName>s</StackName>\
        <LogicalResourceId>Queue</LogicalResourceId><PhysicalResourceId></PhysicalResourceId>\
        <ResourceType>AWS::SQS::Queue</ResourceType><Timestamp>2026-11-03T10:00:00.250Z</Timestamp>\
        <ResourceStatus>CREATE_FAILED</ResourceStatus><ResourceStatusReason>taken</ResourceStatusReason>\
        <ClientRequestToken>run-1-data-create</ClientRequestToken></member></StackEvents>";
    let server = Answers::start([result("DescribeStackEvents", events)]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    assert_debug_snapshot!(cloud.events(STACK, None).await.unwrap());
}

#[tokio::test]
async fn resources_are_listed_with_what_became_of_them() {
    let resources = "<StackResourceSummaries><member><LogicalResourceId>Bucket</LogicalResourceId>\
        <PhysicalResourceId>data-1</PhysicalResourceId><ResourceType>AWS::S3::Bucket</ResourceType>\
        <LastUpdatedTimestamp>2026-11-03T10:00:00Z</LastUpdatedTimestamp>\
        <ResourceStatus>DELETE_SKIPPED</ResourceStatus></member></StackResourceSummaries><NextToken>2</NextToken>";
    let server = Answers::start([result("ListStackResources", resources)]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    let page = cloud.resources(STACK, Some("1")).await.unwrap();
    assert_eq!((server.requests()[0].form["NextToken"].as_str(), page.next.as_deref()), ("1", Some("2")));
    assert!(page.items[0].is_skipped() && page.items[0].physical_id.as_deref() == Some("data-1"));
}

#[tokio::test]
async fn importers_are_read_to_the_last_page_and_no_importer_is_no_error() {
    let page = |name: &str, next: &str| {
        result("ListImports", &format!("<Imports><member>{name}</member></Imports>{next}"))
    };
    let none = error(400, "ValidationError", "Export 'shared' is not imported by any stack.");
    let server = Answers::start([page("one", "<NextToken>2</NextToken>"), page("two", ""), none]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    assert_eq!(cloud.importers("shared").await.unwrap(), ["one", "two"]);
    assert_eq!(cloud.importers("shared").await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn what_cannot_be_read_keeps_its_value() {
    let server = Answers::start([result("UpdateStack", &format!("<StackId>{STACK}</StackId>"))]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    let mut request = update("{}");
    request.body.kept_parameters = ["Password".to_owned()].into();
    cloud.update_stack(&request).await.unwrap();
    let form = &server.requests()[0].form;
    assert_eq!(form["Parameters.member.3.ParameterKey"], "Password");
    assert_eq!(form["Parameters.member.3.UsePreviousValue"], "true");
    assert!(!form.contains_key("Parameters.member.3.ParameterValue"));
}

#[tokio::test]
async fn an_assumed_role_signs_the_calls() {
    let credentials = "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
        <SessionToken>session-of-the-role</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>";
    let identity = "<Arn>arn:aws:sts::111122223333:assumed-role/operator/rekindle</Arn><UserId>u</UserId>\
        <Account>111122223333</Account>";
    let server = Answers::start([result("AssumeRole", credentials), result("GetCallerIdentity", identity)]);
    let role = "arn:aws:iam::111122223333:role/operator";
    let cloud =
        cloud(&server.endpoint, "key", &Target { role: Some(role.to_owned()), ..target(ACCOUNT) }).await;
    assert_eq!(cloud.identity().await.unwrap().account.as_str(), ACCOUNT);
    let requests = server.requests();
    assert_eq!(requests[0].form["RoleArn"], role);
    assert_eq!(requests[0].form["RoleSessionName"], "rekindle");
    assert_eq!(requests[1].headers["x-amz-security-token"], "session-of-the-role");
    assert!(requests[1].headers["authorization"].contains("Credential=ASIAROLE/"));
}

#[tokio::test]
async fn a_long_template_goes_through_the_bucket_once() {
    let taken = "<Error><Code>PreconditionFailed</Code><Message>taken</Message></Error>";
    let server = Answers::start([
        Answer::Xml(200, String::new()),
        created(),
        Answer::Xml(412, taken.to_owned()),
        created(),
    ]);
    let cloud = cloud(&server.endpoint, "key", &with_artifacts()).await;
    let template = format!("{{\"Description\":\"{}\"}}", "x".repeat(51_200));
    cloud.create_stack(&create(&template)).await.unwrap();
    cloud.create_stack(&create(&template)).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].headers["if-none-match"], "*");
    assert_eq!(requests[0].headers["x-amz-expected-bucket-owner"], ACCOUNT);
    let key = requests[0].line.trim_start_matches("PUT ").split('?').next().unwrap().to_owned();
    assert!(
        key.starts_with("/fieldbook.artifacts/environments/templates/") && key.ends_with(".json"),
        "{key}"
    );
    assert_eq!(requests[1].form["TemplateURL"], format!("{}{key}", server.endpoint));
    assert!(!requests[1].form.contains_key("TemplateBody"));
    assert_eq!(requests[0].line, requests[2].line, "equal content has one key");
}

#[tokio::test]
async fn a_template_that_cannot_be_sent_is_refused_before_any_call() {
    let server = Answers::start([]);
    let cloud_without = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    let long = cloud_without.create_stack(&create(&"x".repeat(51_201))).await.unwrap_err();
    let cloud = cloud(&server.endpoint, "key", &with_artifacts()).await;
    let longest = cloud.create_stack(&create(&"x".repeat(1_000_001))).await.unwrap_err();
    assert_eq!((long.kind, longest.kind), (PortErrorKind::Invalid, PortErrorKind::Invalid));
    assert_snapshot!(format!(
        "{}

{}",
        shown(&long),
        shown(&longest)
    ));
}

#[tokio::test]
async fn drift_is_read() {
    let server = Answers::start([
        result("DetectStackDrift", "<StackDriftDetectionId>d-1</StackDriftDetectionId>"),
        result(
            "DescribeStackDriftDetectionStatus",
            "<DetectionStatus>DETECTION_IN_PROGRESS</DetectionStatus>",
        ),
        result(
            "DescribeStackDriftDetectionStatus",
            "<DetectionStatus>DETECTION_COMPLETE</DetectionStatus><DriftedStackResourceCount>2</DriftedStackResourceCount>",
        ),
        result(
            "DescribeStackDriftDetectionStatus",
            "<DetectionStatus>DETECTION_FAILED</DetectionStatus><DetectionStatusReason>denied</DetectionStatusReason>",
        ),
        result(
            "DescribeStackResourceDrifts",
            "<StackResourceDrifts><member><LogicalResourceId>Queue</LogicalResourceId>\
             <ResourceType>AWS::SQS::Queue</ResourceType><StackResourceDriftStatus>MODIFIED</StackResourceDriftStatus>\
             <PropertyDifferences><member><PropertyPath>/DelaySeconds</PropertyPath>\
             <ExpectedValue>0</ExpectedValue><ActualValue>5</ActualValue></member></PropertyDifferences>\
             </member><member><LogicalResourceId>Topic</LogicalResourceId><ResourceType>AWS::SNS::Topic</ResourceType>\
             <StackResourceDriftStatus>DELETED</StackResourceDriftStatus></member></StackResourceDrifts>",
        ),
    ]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    assert_eq!(cloud.detect_drift(STACK).await.unwrap(), "d-1");
    assert_eq!(cloud.drift_detection("d-1").await.unwrap(), DriftDetection::Pending);
    assert_eq!(cloud.drift_detection("d-1").await.unwrap(), DriftDetection::Done { drifted: 2 });
    assert_eq!(cloud.drift_detection("d-1").await.unwrap(), DriftDetection::Failed("denied".to_owned()));
    assert_debug_snapshot!(cloud.resource_drifts(STACK).await.unwrap().drifted);
}
