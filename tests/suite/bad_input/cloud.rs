//! The way to AWS: credentials, accounts, endpoints, answers that are none.

use super::{MANIFEST, TEMPLATE, assert_told, keys, tell};
use crate::support::project::{Project, Run};
use crate::support::server::Server;

/// STS's answer to GetCallerIdentity, for this account.
fn caller(account: &str) -> String {
    format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{account}:user/somebody</Arn><UserId>AIDA</UserId><Account>{account}</Account>\
         </GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>\
         </GetCallerIdentityResponse>"
    )
}

/// An error as AWS's query services write it.
fn error(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    )
}

/// The good project, whose environment is on AWS.
fn on_aws() -> Project {
    let project = keys(TEMPLATE);
    project.write("rekindle.yaml", MANIFEST.replace("provider: local", "provider: aws"));
    project
}

/// Runs `plan` against `endpoint` with credentials.
fn plan_at(endpoint: &str) -> String {
    let project = on_aws();
    let mut command = project.command(&["plan", "demo"]);
    command.env("AWS_ENDPOINT_URL", endpoint).env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "example");
    tell(&project, &Run::from(command.output().unwrap())).replace(endpoint, "[endpoint]")
}

#[test]
fn no_credentials() {
    let project = on_aws();
    let mut command = project.command(&["plan", "demo"]);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    assert_told!(tell(&project, &Run::from(command.output().unwrap())), @"");
}

#[test]
fn a_profile_that_is_not_there() {
    let project = on_aws();
    let mut command = project.command(&["plan", "demo"]);
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_PROFILE", "production");
    assert_told!(tell(&project, &Run::from(command.output().unwrap())), @"");
}

#[test]
fn expired_credentials() {
    let text = error("ExpiredToken", "The security token included in the request is expired");
    let server = Server::answering(403, "text/xml", text);
    assert_told!(plan_at(&server.endpoint()), @"");
}

#[test]
fn a_call_that_is_not_allowed() {
    let text = error("AccessDenied", "User: arn:aws:iam::000000000000:user/somebody is not authorized");
    let server = Server::answering(403, "text/xml", text);
    assert_told!(plan_at(&server.endpoint()), @"");
}

#[test]
fn the_wrong_account() {
    let server = Server::answering(200, "text/xml", caller("999988887777"));
    assert_told!(plan_at(&server.endpoint()), @"");
}

#[test]
fn an_endpoint_where_nobody_listens() {
    let endpoint = Server::answering(200, "text/plain", String::new()).endpoint();
    assert_told!(plan_at(&endpoint), @"");
}

#[test]
fn an_endpoint_that_is_not_an_address() {
    assert_told!(plan_at("localhost"), @"");
}

#[test]
fn a_web_page_instead_of_an_answer() {
    let page = "<!DOCTYPE html><html><head><title>Sign in to the network</title></head></html>";
    let server = Server::answering(200, "text/html", page.to_owned());
    assert_told!(plan_at(&server.endpoint()), @"");
}

#[test]
fn a_proxy_that_fails() {
    let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
    let server = Server::answering(502, "text/html", page.to_owned());
    assert_told!(plan_at(&server.endpoint()), @"");
}
