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
    assert_told!(tell(&project, &Run::from(command.output().unwrap())), @"
    exit code 1
    error: the account behind target `primary` could not be found out
      caused by: GetCallerIdentity: no usable credentials: the credential provider was not enabled: no credentials found in chain. Attempted:
        Environment: the credential provider was not enabled: environment variable not set
        Profile: the credential provider was not enabled
        WebIdentityToken: the credential provider was not enabled: $AWS_WEB_IDENTITY_TOKEN_FILE was not set
        EcsContainer: the credential provider was not enabled: ECS provider not configured
        Ec2InstanceMetadata: the credential provider was not enabled: IMDS disabled by AWS_EC2_METADATA_DISABLED env var set to `true`
    hint: set `AWS_PROFILE`, run `aws sso login`, or give `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`; a target's `role` must allow the caller to assume it
    ");
}

#[test]
fn a_profile_that_is_not_there() {
    let project = on_aws();
    let mut command = project.command(&["plan", "demo"]);
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_PROFILE", "production");
    assert_told!(tell(&project, &Run::from(command.output().unwrap())), @"
    exit code 1
    error: the account behind target `primary` could not be found out
      caused by: GetCallerIdentity: no usable credentials: the credential provider was not enabled: no credentials found in chain. Attempted:
        Environment: the credential provider was not enabled: environment variable not set
        Profile: the credential provider was not enabled
        WebIdentityToken: the credential provider was not enabled: $AWS_WEB_IDENTITY_TOKEN_FILE was not set
        EcsContainer: the credential provider was not enabled: ECS provider not configured
        Ec2InstanceMetadata: the credential provider was not enabled: IMDS disabled by AWS_EC2_METADATA_DISABLED env var set to `true`
    hint: set `AWS_PROFILE`, run `aws sso login`, or give `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`; a target's `role` must allow the caller to assume it
    ");
}

#[test]
fn expired_credentials() {
    let text = error("ExpiredToken", "The security token included in the request is expired");
    let server = Server::answering(403, "text/xml", text);
    assert_told!(plan_at(&server.endpoint()), @"
    exit code 1
    error: the account behind target `primary` could not be found out
      caused by: GetCallerIdentity: ExpiredToken: The security token included in the request is expired
    hint: get new credentials, for example with `aws sso login`, and run the command again
    ");
}

#[test]
fn a_call_that_is_not_allowed() {
    let text = error("AccessDenied", "User: arn:aws:iam::000000000000:user/somebody is not authorized");
    let server = Server::answering(403, "text/xml", text);
    assert_told!(plan_at(&server.endpoint()), @"
    exit code 1
    error: the account behind target `primary` could not be found out
      caused by: GetCallerIdentity: AccessDenied: User: arn:aws:iam::000000000000:user/somebody is not authorized
    hint: the caller's policies lack this permission in this account
    ");
}

#[test]
fn the_wrong_account() {
    let server = Server::answering(200, "text/xml", caller("999988887777"));
    assert_told!(plan_at(&server.endpoint()), @"
    exit code 4
    error: target `primary` is account 000000000000, but the credentials in use belong to account 999988887777 (`arn:aws:iam::999988887777:user/somebody`)
    hint: use that account's credentials (`AWS_PROFILE`), or correct `account` in rekindle.yaml
    ");
}

#[test]
fn an_endpoint_where_nobody_listens() {
    let endpoint = Server::answering(200, "text/plain", String::new()).endpoint();
    assert_told!(plan_at(&endpoint), @"
    exit code 1
    error: the account behind target `primary` could not be found out
      caused by: GetCallerIdentity: no connection to `[endpoint]`: Connection refused (os error 111)
    hint: calls go where `AWS_ENDPOINT_URL` says: is that service running, and is the port right?
    ");
}

#[test]
fn an_endpoint_that_is_not_an_address() {
    assert_told!(plan_at("localhost"), @"
    exit code 1
    error: the account behind target `primary` could not be found out
      caused by: GetCallerIdentity: the request could not be made: endpoint must contain scheme
    hint: `AWS_ENDPOINT_URL` must be a whole URL, for example `http://127.0.0.1:4566`
    ");
}

#[test]
fn a_web_page_instead_of_an_answer() {
    let page = "<!DOCTYPE html><html><head><title>Sign in to the network</title></head></html>";
    let server = Server::answering(200, "text/html", page.to_owned());
    assert_told!(plan_at(&server.endpoint()), @"
    exit code 1
    error: the account behind target `primary` could not be found out
      caused by: GetCallerIdentity: `[endpoint]` answered HTTP 200 with HTML: `<!DOCTYPE html><html><head><title>Sign in to the network</title></head></html>`
    hint: calls go where `AWS_ENDPOINT_URL` says: is that service running, and is the port right?
    ");
}

#[test]
fn a_proxy_that_fails() {
    let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
    let server = Server::answering(502, "text/html", page.to_owned());
    assert_told!(plan_at(&server.endpoint()), @"
    exit code 1
    error: the account behind target `primary` could not be found out
      caused by: GetCallerIdentity: answered HTTP 502 with HTML: `<html><body><h1>502 Bad Gateway</h1></body></html>`
    ");
}
