//! How the AWS adapter tells failures apart and what it says: whole messages, and one call each.

use std::net::TcpListener;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use insta::assert_snapshot;
use rekindle::aws::{Settings, connect_with};
use rekindle::model::Target;
use rekindle::port::{PortError, PortErrorKind};

use crate::support::answers::{Answer, Answers, error, result};
use crate::support::target::{cloud, configuration, epoch, shown, target};

const ACCOUNT: &str = "111122223333";

/// The failure of reading stack `web` when the server answers so.
async fn failure(answer: Answer) -> PortError {
    let server = Answers::start([answer]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    let error = cloud.describe_stack("web").await.unwrap_err();
    assert_eq!(server.requests().len(), 1, "the adapter never asks again by itself");
    named(error, &server.endpoint)
}

/// The same failure with the server's changing address replaced.
fn named(mut error: PortError, endpoint: &str) -> PortError {
    error.message = error.message.replace(endpoint, "ENDPOINT");
    error
}

#[tokio::test]
async fn throttling_is_transient() {
    for answer in [
        error(400, "Throttling", "Rate exceeded"),
        error(400, "ThrottlingException", "Rate exceeded"),
        error(503, "RequestLimitExceeded", "Request limit exceeded."),
        error(400, "ValidationError", "Rate exceeded"),
        Answer::Html(429, "slow down"),
    ] {
        let error = failure(answer).await;
        assert_eq!(error.kind, PortErrorKind::Throttled, "{error}");
        assert!(error.is_transient());
    }
    assert_snapshot!(shown(&failure(error(400, "Throttling", "Rate exceeded")).await));
}

#[tokio::test]
async fn an_unwell_service_is_transient() {
    let lost = failure(Answer::Nothing).await;
    let html =
        failure(Answer::Html(500, "<!DOCTYPE html>\n<html><h1>Internal   Server Error</h1></html>")).await;
    let coded = failure(error(500, "InternalFailure", "try later")).await;
    let empty = failure(Answer::Xml(503, String::new())).await;
    let all = [lost, html, coded, empty];
    assert!(all.iter().all(PortError::is_transient));
    assert_snapshot!(all.iter().map(shown).collect::<Vec<_>>().join("\n\n"));
}

/// Half of an answer says nothing, not even where the half could be read: half of an id is no id.
#[tokio::test]
async fn half_an_answer_is_none() {
    let text = |answer: Answer| match answer {
        Answer::Xml(_, body) => body,
        _ => unreachable!("recorded as XML"),
    };
    let denied = || text(error(400, "AlreadyExistsException", "Stack [web] already exists"));
    let stack = "<Stacks><member><StackName>web</StackName><StackId>arn:aws:cloudformation:eu-central-1:\
        111122223333:stack/web/0a1b</StackId><CreationTime>2026-11-30T10:00:00Z</CreationTime>\
        <StackStatus>CREATE_COMPLETE</StackStatus></member></Stacks>";
    let whole = text(result("DescribeStacks", stack));
    let fitting = whole[..whole.find("</StackStatus>").unwrap()].to_owned();
    let broken = [Answer::Broken(400, denied()), Answer::Broken(200, whole), Answer::Xml(200, fitting)];
    let mut all = Vec::new();
    for answer in broken {
        all.push(failure(answer).await);
    }
    assert_snapshot!(all.iter().map(shown).collect::<Vec<_>>().join("\n\n"), @r#"
    Unavailable
    DescribeStacks `web`: no answer from `ENDPOINT`: end of file before message length reached
    no hint

    Unavailable
    DescribeStacks `web`: no answer from `ENDPOINT`: end of file before message length reached
    no hint

    Malformed
    DescribeStacks `web`: `ENDPOINT` answered HTTP 200 with only the beginning of its XML: `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><membe...` (request b9b4b068-example)
    calls go where `AWS_ENDPOINT_URL` says: is that service running, and is the port right?
    "#);
}

#[tokio::test]
async fn a_page_instead_of_an_answer_is_named() {
    let portal = failure(Answer::Html(200, "<html><title>Sign in to the guest network</title></html>")).await;
    let incomplete = failure(result("DescribeStacks", "<Stacks></Stacks>")).await;
    assert_snapshot!(format!("{}\n\n{}", shown(&portal), shown(&incomplete)));
}

#[tokio::test]
async fn credentials_that_are_refused_say_how_to_get_others() {
    let expired =
        failure(error(403, "ExpiredToken", "The security token included in the request is expired")).await;
    let unknown =
        failure(error(403, "InvalidClientTokenId", "The security token included in the request is invalid."))
            .await;
    let denied = failure(error(
        403,
        "AccessDenied",
        "User: arn:aws:iam::111122223333:user/eve is not authorized to perform: cloudformation:DescribeStacks",
    ))
    .await;
    assert_snapshot!([expired, unknown, denied].iter().map(shown).collect::<Vec<_>>().join("\n\n"));
}

/// What the standard chain answers where nothing is set up.
#[derive(Debug)]
struct Nobody;

impl ProvideCredentials for Nobody {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("no providers in chain")))
    }
}

#[tokio::test]
async fn missing_credentials_are_named() {
    let server = Answers::start([]);
    let config = configuration(&server.endpoint, "key").await.into_builder();
    let config = config.credentials_provider(SharedCredentialsProvider::new(Nobody)).build();
    let cloud = connect_with(&config, &target(ACCOUNT), Settings::new(epoch)).await.unwrap();
    assert_snapshot!(shown(&cloud.identity().await.unwrap_err()));
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_a_matter_of_credentials() {
    let message = "User: eve is not authorized to perform: sts:AssumeRole";
    let server = Answers::start([error(403, "AccessDenied", message)]);
    let role = Some("arn:aws:iam::111122223333:role/operator".to_owned());
    let cloud = cloud(&server.endpoint, "key", &Target { role, ..target(ACCOUNT) }).await;
    assert_snapshot!(shown(&cloud.identity().await.unwrap_err()));
}

#[tokio::test]
async fn a_throttled_role_is_only_throttled() {
    let server = Answers::start([error(400, "Throttling", "Rate exceeded")]);
    let role = Some("arn:aws:iam::111122223333:role/operator".to_owned());
    let cloud = cloud(&server.endpoint, "key", &Target { role, ..target(ACCOUNT) }).await;
    assert_eq!(cloud.identity().await.unwrap_err().kind, PortErrorKind::Throttled);
}

#[tokio::test]
async fn an_endpoint_where_nobody_listens_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let cloud = cloud(&endpoint, "key", &target(ACCOUNT)).await;
    assert_snapshot!(shown(&named(cloud.describe_stack("web").await.unwrap_err(), &endpoint)));
}

#[tokio::test]
async fn an_endpoint_that_is_no_url_is_named_and_nothing_leaks() {
    let cloud = cloud("not-a-url", "key", &target(ACCOUNT)).await;
    let error = cloud.describe_stack("web").await.unwrap_err();
    assert!(std::error::Error::source(&error).is_none(), "the SDK's own error prints the whole request");
    assert_snapshot!(shown(&error));
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let settings = Settings { call_timeout: Duration::from_millis(200), ..Settings::new(epoch) };
    let cloud =
        connect_with(&configuration(&endpoint, "key").await, &target(ACCOUNT), settings).await.unwrap();
    let error = cloud.describe_stack("web").await.unwrap_err();
    assert!(error.is_transient());
    assert_snapshot!(shown(&named(error, &endpoint)));
}

#[tokio::test]
async fn a_place_for_artifacts_that_is_none_is_refused() {
    let wrong = Target { artifacts: Some("https://bucket".to_owned()), ..target(ACCOUNT) };
    let answer =
        connect_with(&configuration("http://127.0.0.1:1", "key").await, &wrong, Settings::new(epoch)).await;
    assert_snapshot!(shown(&answer.err().unwrap()));
}
