//! Rules against templates: one template with one mistake each, and what stays silent.

mod anything;
mod rule_table;

use super::*;
use crate::template::read;

fn found(text: &str, purpose: Purpose<'_>) -> Vec<String> {
    let document = read("t.yaml", text.as_bytes()).unwrap();
    let line = |problem: Diagnostic| {
        let place = problem.place.unwrap();
        format!(
            "{}:{} [{}] {}\n  hint: {}",
            place.line,
            place.column,
            problem.code,
            problem.message,
            problem.hint.unwrap_or_default()
        )
    };
    lint(&document, purpose).into_iter().map(line).collect()
}

fn problems(text: &str) -> String {
    found(text, Purpose::default()).join("\n")
}

/// Without what the schemas of types say.
fn certain(text: &str) -> String {
    found(text, Purpose { schemas: false, ..Purpose::default() }).join("\n")
}

#[test]
fn names_that_exist_are_fine() {
    let text = "\
Parameters: {Size: {Type: String}}
Mappings: {Sizes: {a: {b: c}}}
Rules: {R: {Assertions: [{Assert: !Equals [!Ref Size, a]}]}}
Conditions:
  Big: !Equals [!Ref Size, big]
  Far: !And [!Condition Big, !Not [!Equals [!Ref 'AWS::Region', x]]]
Resources:
  A: {Type: T, Condition: Far, Properties: {N: !If [Big, !FindInMap [Sizes, a, b], !Ref 'AWS::NoValue']}}
  B:
    Type: T
    DependsOn: [A]
    Properties:
      X: !Sub ['${A.Arn}-${Own}-${!Literal}-${AWS::Region}-${ Size }', {Own: !GetAtt A.Arn}]
      Policy: {Condition: {StringEquals: {a: b}}}
Outputs: {O: {Condition: Big, Value: !GetAtt B.Arn}}
";
    assert_eq!(certain(text), "");
}

#[test]
fn names_that_do_not_exist_are_found() {
    let text = "\
Parameters: {Size: {Type: String}}
Conditions:
  Big: !Equals [!Ref Bucket, !Ref Sise]
Resources:
  Bucket:
    Type: T
    Condition: Bigg
    DependsOn: Buckett
    Properties:
      A: !Sub '${Nothing}-${Bukket.Arn}'
      B: !FindInMap [Maps, a, b]
      C: !If [Small, !GetAtt Other.Arn, 1]
";
    insta::assert_snapshot!(certain(text));
}

#[test]
fn circles_are_named_in_full() {
    let text = "\
Conditions: {X: !Not [!Condition Y], Y: !Not [!Condition X]}
Resources:
  A: {Type: T, Properties: {P: !Ref B}}
  B: {Type: T, Properties: {P: !Sub '${C.Arn}'}}
  C: {Type: T, DependsOn: A}
  D: {Type: T, DependsOn: [D, A]}
";
    insta::assert_snapshot!(certain(text));
}

#[test]
fn what_macros_and_loops_make_is_not_judged() {
    let looped = "Transform: AWS::LanguageExtensions\nResources:\n  'Fn::ForEach::S':\n    - N\n    - [a]\n    - 'B${N}': {Type: T, Properties: {X: !Ref N}}\n  C: {Type: T, Properties: {X: !Ref Ba}}\n";
    assert_eq!(certain(looped), "");
    let made = "Transform: AWS::Serverless-2016-10-31\nResources: {F: {Type: T}, G: {Type: T, Properties: {X: !Ref FRole}}}\n";
    assert_eq!(certain(made), "");
    let closed =
        "Transform: AWS::LanguageExtensions\nResources: {G: {Type: T, Properties: {X: !Ref FRole}}}\n";
    assert!(certain(closed).contains("there is no parameter or resource `FRole`"));
}

#[test]
fn what_loops_make_is_judged_where_the_loop_is_written() {
    let text = "\
Transform: AWS::LanguageExtensions
Resources:
  'Fn::ForEach::Buckets':
    - Name
    - [Logs, Data]
    - 'Bucket${Name}':
        Type: AWS::S3::Bucket
        Properties:
          BuketName: !Sub '${Name}-bucket'
";
    insta::assert_snapshot!(problems(text), @"
    9:11 [unknown-property] there is no property `BuketName`
      hint: did you mean `BucketName`?
    ");
}

/// What a loop over a list parameter makes is not written out here: its names may be any that fit.
#[test]
fn names_that_loops_over_parameters_compute_may_be_used() {
    let text = "\
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList}
  SizeOrders: {Type: String}
  SizeBills: {Type: String}
  Forgotten: {Type: String}
Conditions:
  IsOrders: !Equals [!Ref SizeOrders, large]
  IsBills: !Equals [!Ref SizeBills, large]
  Plain: !Equals [!Ref 'AWS::Region', eu-central-1]
  Chosen: !Equals [!Ref 'AWS::Region', eu-central-1]
  Unused: !Equals [!Ref 'AWS::Region', eu-central-1]
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Fn::ForEach::Queues:
    - Name
    - !Ref Names
    - Queue${Name}:
        Type: AWS::SQS::Queue
        Condition: !Sub Is${Name}
        Properties: {DelaySeconds: !Ref {Fn::Sub: 'Size${Name}'}}
      Topic${Name}:
        Type: AWS::SNS::Topic
        Condition: Plain
        Properties: {DisplayName: !If [!Sub 'Cho${Name}', a, b]}
";
    insta::assert_snapshot!(problems(text), @"
    6:3 [unused-parameter] nothing uses the parameter `Forgotten`
      hint: take it out, or use it
    12:3 [unused-condition] nothing uses the condition `Unused`
      hint: take it out, or use it
    ");
}

/// Templates of kinds that people write; nothing is wrong with them.
#[test]
fn clean_templates_stay_silent() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/templates/clean");
    let mut seen = 0;
    for name in crate::disk::entries(folder.into()).unwrap() {
        let bytes = crate::disk::read_at_most(format!("{folder}/{name}").as_str().into(), 1_000_000).unwrap();
        let document = crate::template::read_as_found(&name, &bytes).unwrap();
        let errors: Vec<_> = lint(&document, Purpose { region: Some("us-east-1"), ..Purpose::default() })
            .into_iter()
            .filter(|problem| problem.severity == Severity::Error)
            .collect();
        assert_eq!(errors, [], "{name}");
        seen += 1;
    }
    assert!(seen >= 8);
}

#[test]
fn properties_are_judged_by_their_schemas() {
    let text = r"
Resources:
  Unknown: {Type: AWS::S3::Bukket}
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BuketName: x
      BucketName: My_Bucket
      AccessControl: Everybody
      Tags: [{Key: a, Value: b}, {Key: a, Value: c}]
      VersioningConfiguration: enabled
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Handler: a.b
      Runtime: python3.12
      Code: {ZipFile: x}
      MemorySize: 64
      Timeout: soon
      Architectures: [arm64, x86_64]
      Role: !Ref Role
      Arn: x
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Permit, Principal: '*', Action: 'sts:AssumeRole'}]}
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16, Ipv4IpamPoolId: ipam-1}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Bucket, CidrBlock: !GetAtt Vpc.Cidr}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicArn: x, DisplayName: [a]}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 1}
";
    insta::assert_snapshot!(problems(text));
}

#[test]
fn what_is_known_only_while_deploying_is_let_pass() {
    let text = r"
Parameters: {Name: {Type: String}, Names: {Type: CommaDelimitedList}}
Conditions: {Here: !Equals [!Ref Name, here]}
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Handler: !Sub '${Name}.handler'
      Runtime: !Ref Name
      Role: !ImportValue role
      Timeout: !If [Here, 3, !Ref 'AWS::NoValue']
      MemorySize: !FindInMap [Sizes, !Ref Name, Memory]
      Code: !If [Here, {ZipFile: x}, {S3Bucket: !Ref Name, S3Key: '{{resolve:ssm:key:1}}'}]
      Architectures: !Ref Names
      Layers: !Split [',', !Ref Name]
      KmsKeyArn: !If [Here, !GetAtt Key.Arn, !Ref 'AWS::NoValue']
      Environment: !If [Here, {Variables: {NAME: !Ref Name}}, !Ref 'AWS::NoValue']
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: !Sub '${Name}'}}
Mappings: {Sizes: {a: {Memory: 128}}}
";
    assert_eq!(problems(text), "");
}

#[test]
fn both_branches_of_a_choice_are_judged() {
    let text = r"
Conditions: {Here: !Equals [!Ref 'AWS::Region', a]}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: !If [Here, 5, 5000], VisibilityTimeout: !If [Here, many, 3]}}
  Alarm: {Type: AWS::SNS::TopicPolicy, Properties: {Topics: !Ref 'AWS::NoValue', PolicyDocument: {Statement: []}}}
";
    insta::assert_snapshot!(problems(text));
}

#[test]
fn types_are_looked_for_in_the_region() {
    let text = "Resources: {Thing: {Type: AWS::Location::Map, Properties: {MapName: m, Configuration: {Style: VectorHereExplore}}}}\n";
    let in_region = |region| found(text, Purpose { region: Some(region), ..Purpose::default() }).join("\n");
    assert_eq!(in_region("eu-central-1"), "");
    assert!(in_region("ap-south-2").contains("the region `ap-south-2` has no `AWS::Location::Map`"));
    assert_eq!(in_region("mars-north-1"), "");
}

#[test]
fn secrets_are_found_and_can_be_accepted_with_a_reason() {
    let token = format!("gh{}_{}", "p", "aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW2xY4");
    let text = |metadata: &str| {
        format!(
            "Resources:\n  Build:\n    Type: AWS::SSM::Parameter\n{metadata}    Properties: {{Type: String, Value: {token}}}\n"
        )
    };
    assert!(problems(&text("")).contains("[secret-in-text] this text holds a GitHub token"));
    let accepted = "    Metadata: {RekindleAccept: {secret-in-text: revoked long ago}}\n";
    assert_eq!(problems(&text(accepted)), "");
    let odd = "    Metadata: {RekindleAccept: {secret-in-text: '', sekret: x, quota: y}}\n";
    let told = problems(&text(odd));
    for expected in
        ["without a reason", "there is no rule `sekret`", "nothing here needs `quota`", "GitHub token"]
    {
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn passwords_in_plain_text_are_warned_of() {
    let text = r"
Parameters: {Pass: {Type: String, NoEcho: true, Default: changeme}}
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: mysql, DBInstanceClass: db.t3.medium, AllocatedStorage: 20, MasterUsername: a, MasterUserPassword: hunter22}
  Other:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: mysql, DBInstanceClass: db.t3.medium, AllocatedStorage: 20, MasterUsername: a, MasterUserPassword: !Ref Pass}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Handler: a.b
      Runtime: python3.12
      Role: arn:aws:iam::111122223333:role/x
      Code: {ZipFile: x}
      Environment: {Variables: {API_TOKEN: Zx8qT2vN5Lp0Rw7Kd3Jf9B, TOKEN_TABLE: tokens}}
";
    insta::assert_snapshot!(problems(text));
}

#[test]
fn a_reference_that_is_joined_is_no_password() {
    let text = |parts: &str| {
        format!(
            "Resources:\n  Secret: {{Type: 'AWS::SecretsManager::Secret'}}\n  Database:\n    Type: AWS::RDS::DBInstance\n    \
             Properties:\n      Engine: mysql\n      DBInstanceClass: db.t3.medium\n      AllocatedStorage: 20\n      \
             MasterUsername: a\n      MasterUserPassword: !Join ['', {parts}]\n"
        )
    };
    let reference = "['{{resolve:secretsmanager:', !Ref Secret, ':SecretString:password}}']";
    assert_eq!(problems(&text(reference)), "");
    assert!(problems(&text("[hunter, !Ref Secret]")).contains("secret-like-text"));
}

#[test]
fn a_password_in_a_branch_is_one_and_the_name_of_a_condition_is_none() {
    let text = r"
Parameters: {Pass: {Type: String, NoEcho: true}}
Conditions: {Own: !Equals [!Ref Pass, '']}
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: mysql
      DBInstanceClass: db.t3.medium
      AllocatedStorage: 20
      MasterUsername: a
      MasterUserPassword: !If
        - Own
        - !If [Own, hunter22, !Ref Pass]
        - !Ref Pass
";
    assert_eq!(
        problems(text),
        "14:21 [secret-like-text] `MasterUserPassword` holds a password in plain text\n  \
         hint: let AWS resolve it: `{{resolve:secretsmanager:...}}` (in a `.tera` file the function `resolve_secret`), or a parameter with `NoEcho`"
    );
}

#[test]
fn names_that_are_too_long_are_found_before_they_are_known() {
    let long = "x".repeat(60);
    let text = format!(
        "Resources:\n  A: {{Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {{Name: !Sub '${{AWS::StackName}}-{long}'}}}}\n  \
         B: {{Type: AWS::S3::Bucket, Properties: {{BucketName: !Join ['-', [{long}, !Ref 'AWS::AccountId']]}}}}\n"
    );
    let told = problems(&text);
    assert!(told.contains("`Name` has at least 62 characters, 32 are allowed"), "{told}");
    assert!(told.contains("`BucketName` has at least 73 characters, 63 are allowed"), "{told}");
}
