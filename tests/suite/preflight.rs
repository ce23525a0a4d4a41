//! `rebuild --to` against ministack: what is missing at the new place is told before anything is made there.

use std::process::Command;

use insta::assert_snapshot;

use crate::support::project::{Project, Run};
use crate::support::{ministack, target};

const TEMPLATE: &str = "\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      Tags:
        - {Key: token, Value: '{{resolve:secretsmanager:token:SecretString:key}}'}
        - {Key: size, Value: !Sub '{{resolve:ssm:/${AWS::Region}/size:1}}'}
";

/// An environment whose first place nobody can reach.
fn project(account: &str) -> Project {
    let project = Project::empty();
    let at = |region: &str| format!("{{provider: aws, account: \"{account}\", region: {region}}}");
    let targets = format!("{{primary: {}, recovery: {}}}", at("eu-west-1"), at(target::REGION));
    project.write(
        "rekindle.yaml",
        format!("project: fieldbook\nenvironments:\n  demo:\n    targets: {targets}\n"),
    );
    project.write("stacks/queue.yaml", "kind: stack\nclass: stateless\ntemplate: queue@1.0.0\n");
    project.write("templates/queue/1.0.0/template.yaml", TEMPLATE);
    project.run(&["lock"]).expect_code(0);
    project
}

fn rebuilt(project: &Project, account: &str, options: &[&str]) -> Run {
    let arguments = [&["rebuild", "demo", "--to", "recovery", "--yes", "--quiet"], options].concat();
    let mut command: Command = project.command(&arguments);
    command.env("AWS_ENDPOINT_URL", &ministack::shared().endpoint).env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ACCESS_KEY_ID", account).env("AWS_SECRET_ACCESS_KEY", "secret");
    Run::from(command.output().unwrap())
}

#[tokio::test]
async fn secrets_and_entries_that_are_missing_are_named_before_anything_is_made() {
    let account = ministack::account();
    let project = project(&account);
    let hidden = |run: &Run| run.stderr.replace(&account, "ACCOUNT");
    insta::with_settings!({filters => vec![(r"\(request [^)]*\)", "(request ID)")]}, {
        assert_snapshot!(hidden(&rebuilt(&project, &account, &[]).expect_code(4)), @"
        error[not-there]: the secret `token` is not there (aws, account ACCOUNT, eu-central-1); `queue@recovery` needs it
         = hint: make it there, or replicate it from where it is: `aws secretsmanager replicate-secret-to-regions --secret-id token --add-replica-regions Region=eu-central-1`

        error[not-there]: the entry of Parameter Store `/eu-central-1/size` is not there (aws, account ACCOUNT, eu-central-1); `queue@recovery` needs it
         = hint: make it there: `aws ssm put-parameter --region eu-central-1 --name /eu-central-1/size ...`

        error[unanswered]: nobody could say how many stacks there may be: DescribeAccountLimits: InvalidAction: Unknown action: DescribeAccountLimits (request ID)
         = hint: the question takes cloudformation:DescribeAccountLimits and cloudformation:DescribeStacks; `--allow-unanswered` goes on without the answer

        3 errors
        hint: nothing was made at `recovery`; put this right, then run it again
        ");
    });
    let config = target::configuration(&ministack::shared().endpoint, &account).await;
    let secrets = aws_sdk_secretsmanager::Client::new(&config);
    secrets.create_secret().name("token").secret_string("{\"key\": \"x\"}").send().await.unwrap();
    let parameters = aws_sdk_ssm::Client::new(&config);
    let entry = parameters.put_parameter().name(format!("/{}/size", target::REGION)).value("large");
    entry.r#type(aws_sdk_ssm::types::ParameterType::String).send().await.unwrap();
    let run = rebuilt(&project, &account, &["--allow-unanswered"]).expect_code(0);
    assert!(run.stdout.contains("demo is what the source says (1 unit)"), "{}", run.stdout);
}
