//! A change that replaces the shipped environment's database: loud before anything is done, and
//! refused without its consent.

use insta::assert_snapshot;

use super::support::project::Project;

fn with_another_database(project: &Project) {
    project.edit("stacks/data.yaml", "class: data\n", "class: data\ninputs: {database: another}\n");
}

#[test]
fn the_replacement_of_a_database_is_shown_loudly_and_offline() {
    let project = Project::shipped();
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    with_another_database(&project);
    let run = project.run(&["plan", "demo"]).expect_code(0);
    let told: Vec<&str> =
        run.stdout.lines().filter(|line| !line.contains("digest changed")).skip(1).collect();
    assert_snapshot!(told.join("\n"), @"

      ~ update  data
            template changed at `Outputs.DatabaseName`
          -/+ Database AWS::RDS::DBInstance (replacement)
                Properties.DBName
              LOSES DATA (databases): the old one is deleted
            ~ DatabaseBusy AWS::CloudWatch::Alarm
                Properties.Dimensions[0].Value
            ~ DatabaseFull AWS::CloudWatch::Alarm
                Properties.Dimensions[0].Value
            ~ DatabaseQueueing AWS::CloudWatch::Alarm
                Properties.Dimensions[0].Value
            ~ DatabaseSwapping AWS::CloudWatch::Alarm
                Properties.Dimensions[0].Value
            ~ PasswordAttachment AWS::SecretsManager::SecretTargetAttachment
                Properties.TargetId

    Plan: 1 to update, 8 unchanged.
    Data will be lost: data.Database (AWS::RDS::DBInstance): databases
    Takes about 14m 55s, nine of ten runs within 30m 18s (by the table of means; no records yet).
    ");
}

#[test]
fn a_second_zone_needs_no_consent_where_classes_are_kept() {
    let project = Project::shipped();
    project.edit("rekindle.yaml", "  demo:\n", "  demo:\n    protection: standard\n");
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.edit("rekindle.yaml", "size: small", "size: large");
    let run = project.run(&["plan", "demo"]).expect_code(0);
    let database: Vec<&str> =
        run.stdout.lines().skip_while(|line| !line.contains("~ Database ")).take(7).collect();
    assert_snapshot!(database.join("\n"), @"
    ~ Database AWS::RDS::DBInstance
        Properties.AllocatedStorage
        Properties.DBInstanceClass
        Properties.EnablePerformanceInsights
        Properties.MaxAllocatedStorage
        Properties.MultiAZ
        Properties.PerformanceInsightsKMSKeyId
    ");
    assert!(!run.stdout.contains("LOSE"), "{}", run.stdout);
    // CloudFormation's change set calls it conditional, as its schema does: the plan said so.
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
}

#[test]
fn yes_does_not_replace_a_database_where_classes_are_kept() {
    let project = Project::shipped();
    project.edit("rekindle.yaml", "  demo:\n", "  demo:\n    protection: standard\n");
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    with_another_database(&project);
    let run = project.run(&["deploy", "demo", "--yes"]).expect_code(4);
    let refusal: Vec<&str> = run.stderr.lines().rev().take(2).collect();
    assert_snapshot!(refusal.join("\n"), @"
    hint: look at the plan; if that is what you want, add `--allow-replacement data`
    error: data: would replace `Database` (AWS::RDS::DBInstance), which holds data, and nobody consented to it by name
    ");
    let plan = project.run(&["plan", "demo", "--output", "json"]).expect_code(0).json();
    assert_eq!(plan["needs_consent"][0]["option"], "--allow-replacement");
    project.run(&["deploy", "demo", "--yes", "--allow-replacement", "data"]).expect_code(0);
    let plan = project.run(&["plan", "demo", "--detailed-exitcode"]).expect_code(0);
    assert!(plan.stdout.contains("No changes"), "{}", plan.stdout);
}

#[test]
fn a_rebuild_that_would_replace_what_it_keeps_is_refused_before_anything_is_touched() {
    let project = Project::shipped();
    project.edit("rekindle.yaml", "  demo:\n", "  demo:\n    protection: standard\n");
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    with_another_database(&project);
    let before = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    // The load balancer is protected outside of disposable environments.
    let rebuild = ["rebuild", "demo", "--yes", "--lift-deletion-protection", "web"];
    let run = project.run(&rebuild).expect_code(4);
    let refusal: Vec<&str> = run.stderr.lines().rev().take(2).collect();
    assert_snapshot!(refusal.join("\n"), @"
    hint: look at `rekindle plan demo`; if that is what you want, `rekindle deploy demo --allow-replacement data` first
    error: data: would replace `Database` (AWS::RDS::DBInstance), which holds data, and nobody consented to it by name
    ");
    let after = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    assert_eq!(before, after, "a stack was touched");
    // The advice works.
    project.run(&["deploy", "demo", "--yes", "--allow-replacement", "data"]).expect_code(0);
    project.run(&rebuild).expect_code(0);
}

const DATABASE: &str = "\
Parameters:
  Name: {Type: String}
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    UpdateReplacePolicy: Delete
    DeletionPolicy: Delete
    Properties:
      Engine: postgres
      DBInstanceClass: db.t4g.micro
      AllocatedStorage: '20'
      MasterUsername: owner
      ManageMasterUserPassword: true
      DBName: !Ref Name
      DeletionProtection: true
";

#[test]
fn a_protected_resource_that_is_replaced_stays_behind_and_is_told() {
    let project = Project::of_one_unit("data", "template.yaml", DATABASE);
    let unit = |name: &str| {
        format!("kind: stack\nclass: data\ntemplate: data@1.0.0\nparameters: {{Name: {name}}}\n")
    };
    project.write("stacks/data.yaml", unit("one"));
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.write("stacks/data.yaml", unit("other"));
    let plan = project.run(&["plan", "demo"]).expect_code(0).stdout;
    let told: Vec<&str> = plan.lines().map(str::trim).filter(|line| line.contains("STARTS EMPTY")).collect();
    assert_snapshot!(told.join("\n"), @"
              STARTS EMPTY (databases): the old one cannot be deleted: DeletionProtection is on, and it stays, outside the stack
    ");
    let deploy = project.run(&["deploy", "demo", "--yes"]).expect_code(0).stdout;
    let told: Vec<&str> = deploy.lines().skip_while(|line| !line.contains("left behind")).take(5).collect();
    assert_snapshot!(told.join("\n"), @r#"
    left behind, outside its stack: data.Database (AWS::RDS::DBInstance) fieldbook-demo-data-database-b47ijjuwi7tw
        Resource handler returned message: "Cannot delete protected
        AWS::RDS::DBInstance fieldbook-demo-data-database-b47ijjuwi7tw, please
        disable DeletionProtection and try again"
      hint: `rekindle local orphans ENV` lists what the embedded engine still has
    "#);
    let orphans = project.run(&["local", "orphans", "demo", "--output", "json"]).expect_code(0).json();
    assert_eq!(orphans["orphans"].as_array().unwrap().len(), 1, "{orphans}");
}
