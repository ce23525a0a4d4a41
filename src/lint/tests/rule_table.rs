//! For each rule a template that breaks it, and one that differs in just that and breaks nothing.

use std::collections::BTreeMap;

use super::*;

/// The codes of what is found in a template.
fn codes(text: &str) -> Vec<&'static str> {
    let document = read("t.yaml", text.as_bytes()).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"));
    let purpose = Purpose { region: Some("ap-south-2"), is_unit: true, schemas: true };
    lint(&document, purpose).into_iter().map(|problem| problem.code).collect()
}

/// A template of these resources.
fn of(resources: &str) -> String {
    format!("Resources: {{{resources}}}\n")
}

/// A template with a resource and these sections.
fn with(sections: &str) -> String {
    format!("{sections}\nResources: {{T: {{Type: 'AWS::SNS::Topic'}}}}\n")
}

/// A template with a topic of this name: a property that takes any text.
fn name(value: &str) -> String {
    of(&format!(
        "Other: {{Type: 'AWS::SNS::Topic'}}, T: {{Type: 'AWS::SNS::Topic', Properties: {{DisplayName: {value}}}}}"
    ))
}

fn bucket(properties: &str) -> String {
    of(&format!("T: {{Type: 'AWS::S3::Bucket', Properties: {{{properties}}}}}"))
}

fn function(properties: &str) -> String {
    of(&format!(
        "T: {{Type: 'AWS::Lambda::Function', Properties: {{Code: {{ZipFile: x}}, Handler: a.b, {properties}}}}}"
    ))
}

const ROLE: &str = "Role: 'arn:aws:iam::111122223333:role/x'";

/// Code, what breaks it, what does not.
type Row = (&'static str, String, String);

fn forms() -> Vec<Row> {
    let topic = |attributes: &str| of(&format!("T: {{Type: 'AWS::SNS::Topic', {attributes}}}"));
    let used = "Outputs: {O: {Value: !Ref P}}";
    vec![
        ("acceptance", topic("Metadata: {RekindleAccept: {quota: x}}"), topic("Metadata: {Other: 1}")),
        ("attribute-form", topic("DeletionPolicy: Keep"), topic("DeletionPolicy: Retain")),
        ("circular-dependency", topic("DependsOn: T"), topic("DependsOn: []")),
        (
            "condition-form",
            with("Conditions: {C: yes-please}"),
            with("Conditions: {C: !Equals [a, b]}\nOutputs: {O: {Value: a, Condition: C}}"),
        ),
        (
            "duplicate-name",
            with(&format!("Parameters: {{T: {{Type: String}}}}\n{}", used.replace('P', "T"))),
            with(&format!("Parameters: {{P: {{Type: String}}}}\n{used}")),
        ),
        ("function-form", name("!Join [',']"), name("!Join [',', [a]]")),
        ("function-nesting", name("!Equals [a, b]"), name("!Sub a")),
        (
            "interface-parameter",
            with("Metadata: {'AWS::CloudFormation::Interface': {ParameterGroups: [{Parameters: [P]}]}}"),
            with(&format!(
                "Metadata: {{'AWS::CloudFormation::Interface': {{ParameterGroups: [{{Parameters: [P]}}]}}}}\nParameters: {{P: {{Type: String}}}}\n{used}"
            )),
        ),
        ("language-extensions", "Transform: AWS::LanguageExtensions\nResources: {'Fn::ForEach::L': [N, [a, b], {Fixed: {Type: 'AWS::SNS::Topic'}}]}\n".to_owned(), "Transform: AWS::LanguageExtensions\nResources: {'Fn::ForEach::L': [N, [a, b], {'Topic${N}': {Type: 'AWS::SNS::Topic'}}]}\n".to_owned()),
        ("logical-name", of("a-b: {Type: 'AWS::SNS::Topic'}"), of("ab: {Type: 'AWS::SNS::Topic'}")),
        (
            "mapping-form",
            with("Mappings: {M: {a: b}}\nOutputs: {O: {Value: !FindInMap [M, a, b]}}"),
            with("Mappings: {M: {a: {b: c}}}\nOutputs: {O: {Value: !FindInMap [M, a, b]}}"),
        ),
        (
            "metadata-form",
            with("Metadata: {'AWS::CloudFormation::Interface': {Groups: []}}"),
            with("Metadata: {'AWS::CloudFormation::Interface': {ParameterGroups: []}}"),
        ),
        (
            "module-form",
            of("T: {Type: 'My::A::B::MODULE', UpdatePolicy: {}}"),
            of("T: {Type: 'My::A::B::MODULE'}"),
        ),
        ("output-form", with("Outputs: {O: {Value: [a]}}"), with("Outputs: {O: {Value: a}}")),
        (
            "parameter-default",
            with(&format!("Parameters: {{P: {{Type: Number, Default: x}}}}\n{used}")),
            with(&format!("Parameters: {{P: {{Type: Number, Default: 1}}}}\n{used}")),
        ),
        (
            "parameter-form",
            with(&format!("Parameters: {{P: {{Type: String, Defualt: x}}}}\n{used}")),
            with(&format!("Parameters: {{P: {{Type: String, Default: x}}}}\n{used}")),
        ),
        (
            "parameter-type",
            with(&format!("Parameters: {{P: {{Type: Text}}}}\n{used}")),
            with(&format!("Parameters: {{P: {{Type: String}}}}\n{used}")),
        ),
        (
            "quota",
            with(&format!("Description: {}", "x".repeat(1_025))),
            with(&format!("Description: {}", "x".repeat(1_024))),
        ),
        (
            "resource-form",
            of("T: {Type: 'AWS::SNS::Topic', Propertys: {}}"),
            of("T: {Type: 'AWS::SNS::Topic', Properties: {}}"),
        ),
        ("rule-form", with("Rules: {R: {}}"), with("Rules: {R: {Assertions: [{Assert: !Equals [a, a]}]}}")),
        ("template-form", with("Resourcess: {}"), with("Description: x")),
    ]
}

fn names() -> Vec<Row> {
    let conditional = |other: &str| {
        format!(
            "Conditions: {{C: !Equals [!Ref 'AWS::Region', a]}}\nResources: {{T: {{Type: 'AWS::SNS::Topic', Condition: C}}, U: {{Type: 'AWS::SNS::Topic', DependsOn: T{other}}}}}\n"
        )
    };
    let find = |key: &str| {
        with(&format!(
            "Mappings: {{M: {{a: {{b: c}}}}}}\nOutputs: {{O: {{Value: !FindInMap [M, a, {key}]}}}}"
        ))
    };
    vec![
        ("conditional-dependency", conditional(""), conditional(", Condition: C")),
        ("dangling-reference", name("!Ref Nothing"), name("!Ref Other")),
        ("dynamic-reference", name("'{{resolve:vault:a:1}}'"), name("'{{resolve:ssm:a:1}}'")),
        ("missing-substitution", name("'${Other}'"), name("!Sub '${Other}'")),
        ("unknown-attribute", name("!GetAtt Other.Nonsense"), name("!GetAtt Other.TopicName")),
        ("unknown-map-key", find("x"), find("b")),
        ("unpinned-lookup", name("'{{resolve:ssm:a}}'"), name("'{{resolve:ssm:a:1}}'")),
        ("unused-condition", with("Conditions: {C: !Equals [a, b]}"), with("Description: x")),
        ("unused-mapping", with("Mappings: {M: {a: {b: c}}}"), find("b")),
        (
            "unused-parameter",
            with("Parameters: {P: {Type: String}}"),
            with("Parameters: {P: {Type: String}}\nOutputs: {O: {Value: !Ref P}}"),
        ),
        ("unused-variable", name("!Sub ['a', {V: b}]"), name("!Sub ['${V}', {V: b}]")),
    ]
}

fn queue(properties: &str) -> String {
    of(&format!("T: {{Type: 'AWS::SQS::Queue', Properties: {{{properties}}}}}"))
}

fn network(properties: &str) -> String {
    of(&format!("T: {{Type: 'AWS::EC2::VPC', Properties: {{{properties}}}}}"))
}

fn zip(runtime: &str) -> String {
    function(&format!("Runtime: {runtime}, {ROLE}"))
}

/// Rules about which properties there are.
fn shapes() -> Vec<Row> {
    let two = |name: &str| {
        of(&format!(
            "T: {{Type: 'AWS::S3::Bucket', Properties: {{BucketName: one-name}}}}, U: {{Type: 'AWS::S3::Bucket', Properties: {{BucketName: {name}}}}}"
        ))
    };
    let target = |letters: usize| {
        of(&format!(
            "T: {{Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: {{Name: !Sub '${{AWS::Region}}{}'}}}}",
            "x".repeat(letters)
        ))
    };
    vec![
        (
            "duplicate-items",
            bucket("Tags: [{Key: a, Value: b}, {Key: a, Value: c}]"),
            bucket("Tags: [{Key: a, Value: b}]"),
        ),
        (
            "exclusive-properties",
            network("CidrBlock: 10.0.0.0/16, Ipv4IpamPoolId: ipam-1, Ipv4NetmaskLength: 16"),
            network("CidrBlock: 10.0.0.0/16"),
        ),
        ("identifier-twice", two("one-name"), two("other-name")),
        (
            "missing-companion",
            network("Ipv4IpamPoolId: ipam-1"),
            network("Ipv4IpamPoolId: ipam-1, Ipv4NetmaskLength: 16"),
        ),
        ("missing-property", function("Runtime: python3.13"), zip("python3.13")),
        ("name-too-long", target(30), target(10)),
        (
            "property-combination",
            of(
                "T: {Type: 'AWS::IAM::ManagedPolicy', Properties: {PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: ['s3:*'], Resource: [me]}]}}}",
            ),
            of(
                "T: {Type: 'AWS::IAM::ManagedPolicy', Properties: {PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: ['s3:*'], Resource: ['*']}]}}}",
            ),
        ),
        (
            "property-count",
            function(&format!("Runtime: python3.13, {ROLE}, Architectures: [arm64, x86_64]")),
            function(&format!("Runtime: python3.13, {ROLE}, Architectures: [arm64]")),
        ),
    ]
}

/// Rules about what properties hold.
fn values() -> Vec<Row> {
    let subnet = |network: &str| {
        of(&format!(
            "V: {{Type: 'AWS::EC2::VPC', Properties: {{CidrBlock: 10.0.0.0/16}}}}, Other: {{Type: 'AWS::SNS::Topic'}}, T: {{Type: 'AWS::EC2::Subnet', Properties: {{CidrBlock: 10.0.1.0/24, VpcId: {network}}}}}"
        ))
    };
    let group = |most: &str| {
        of(&format!(
            "T: {{Type: 'AWS::AutoScaling::AutoScalingGroup', Properties: {{MinSize: '2', MaxSize: '{most}', LaunchConfigurationName: l, AvailabilityZones: [a]}}}}"
        ))
    };
    vec![
        ("property-format", subnet("my-network"), subnet("vpc-0123456789abcdef0")),
        (
            "property-length",
            function(&format!("Runtime: python3.13, {ROLE}, Description: {}", "x".repeat(257))),
            function(&format!("Runtime: python3.13, {ROLE}, Description: x")),
        ),
        ("property-pattern", function("Runtime: python3.13, Role: me"), zip("python3.13")),
        (
            "property-range",
            function(&format!("Runtime: python3.13, {ROLE}, MemorySize: 1")),
            function(&format!("Runtime: python3.13, {ROLE}, MemorySize: 128")),
        ),
        ("property-relation", group("1"), group("2")),
        ("property-type", queue("DelaySeconds: many"), queue("DelaySeconds: '5'")),
        (
            "property-value",
            bucket("VersioningConfiguration: {Status: enabled}"),
            bucket("VersioningConfiguration: {Status: Enabled}"),
        ),
        (
            "read-only-property",
            of(
                "T: {Type: 'AWS::SNS::Topic', Properties: {TopicArn: 'arn:aws:sns:eu-west-1:111122223333:t'}}",
            ),
            of("T: {Type: 'AWS::SNS::Topic'}"),
        ),
        (
            "region",
            of(
                "T: {Type: 'AWS::Location::Map', Properties: {MapName: m, Configuration: {Style: VectorHereExplore}}}",
            ),
            of("T: {Type: 'AWS::SNS::Topic'}"),
        ),
        ("retired-runtime", zip("python3.6"), zip("python3.13")),
        ("secret-in-text", name(&format!("gh{}_aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW2xY4", 'p')), name("token")),
        (
            "secret-like-text",
            function(&format!(
                "Runtime: python3.13, {ROLE}, Environment: {{Variables: {{API_TOKEN: Zx8qT2vN5Lp0Rw7Kd3Jf9B}}}}"
            )),
            function(&format!(
                "Runtime: python3.13, {ROLE}, Environment: {{Variables: {{API_TOKEN: '{{{{resolve:secretsmanager:token}}}}'}}}}"
            )),
        ),
        ("source-kind", subnet("!Ref Other"), subnet("!Ref V")),
        ("unknown-property", bucket("BuketName: x"), bucket("BucketName: xyz")),
        ("unknown-type", of("T: {Type: 'AWS::S3::Bukket'}"), of("T: {Type: 'AWS::S3::Bucket'}")),
    ]
}

/// The codes of what is found in a Dockerfile that belongs to no unit.
fn dockerfile_codes(text: &str) -> Vec<&'static str> {
    let (texts, arguments) = (BTreeMap::new(), BTreeMap::new());
    let (file, names) = ("Dockerfile", None);
    let judge = DockerfileJudge { file, text, is_unit: false, texts: &texts, names, arguments: &arguments };
    judge.lint().into_iter().map(|problem| problem.code).collect()
}

fn dockerfiles() -> Vec<Row> {
    let from = |image: &str| format!("FROM {image}\n");
    let run = |command: &str| format!("FROM scratch\nRUN {command}\n");
    vec![
        ("latest-tag", from("debian:latest"), from("debian:12@sha256:00")),
        ("piped-script", run("curl https://x.example/i | sh"), run("cat i | sh")),
        ("unlocked-dependencies", run("npm install"), run("npm run build")),
        ("unpinned-base", from("debian:12"), from("debian:12@sha256:00")),
        ("unpinned-packages", run("apt-get update"), run("dpkg -i /packages/*.deb")),
        ("unverified-download", run("wget https://x.example/i"), run("wget http://localhost/i")),
    ]
}

#[test]
fn each_rule_finds_what_breaks_it_and_nothing_in_what_does_not() {
    let mut wrong = Vec::new();
    let templates: Vec<Row> = [forms(), names(), shapes(), values()].concat();
    let dockerfiles = dockerfiles();
    type Codes = fn(&str) -> Vec<&'static str>;
    let judged = |rows: &[Row], codes: Codes| -> Vec<_> {
        rows.iter().map(|(code, bad, good)| (*code, codes(bad), codes(good))).collect()
    };
    let rows = [judged(&templates, codes), judged(&dockerfiles, dockerfile_codes)].concat();
    for (code, broken, kept) in &rows {
        if !broken.contains(code) || !kept.is_empty() {
            wrong.push(format!("{code}: {broken:?}, and {kept:?} in what keeps it"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What is told of a template that breaks too much is another test's.
    let tested: Vec<&str> = rows.iter().map(|(code, ..)| *code).chain(["more-findings"]).collect();
    let untested: Vec<&str> =
        RULES.iter().map(|rule| rule.code).filter(|code| !tested.contains(code)).collect();
    assert!(untested.is_empty(), "{untested:?}");
}

#[test]
fn names_that_are_left_out_and_what_a_macro_may_use_are_no_mistakes() {
    let unnamed = "{Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref 'AWS::NoValue'}}";
    assert!(codes(&of(&format!("A: {unnamed}, B: {unnamed}"))).is_empty());
    let included = of(
        "T: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: {'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: !Sub 's3://${B}/x'}}}}}",
    );
    let found = codes(&format!("Parameters: {{B: {{Type: String}}}}\n{included}"));
    assert!(!found.contains(&"unused-parameter"), "{found:?}");
}

#[test]
fn errors_do_not_hide_behind_many_that_are_accepted() {
    let accepted: String = (0..210)
        .map(|number| format!("R{number}: {{Type: 'AWS::SNS::Topic', DependsOn: N{number}}}, "))
        .collect();
    let metadata = "Metadata: {RekindleAccept: {dangling-reference: practice}}\n";
    let severities = |more: &str| -> Vec<Severity> {
        let text = format!("{metadata}{}", of(&format!("{accepted}{more}")));
        let document = read("t.yaml", text.as_bytes()).unwrap();
        lint(&document, Purpose::default()).0.iter().map(|one| one.severity).collect()
    };
    assert_eq!(severities("T: {Type: 'AWS::S3::Bukket'}"), [Severity::Error]);
}

#[test]
fn what_is_told_of_one_template_is_bounded() {
    let resources: Vec<String> = (0..2_000)
        .map(|number| format!("R{number}: {{Type: 'AWS::SNS::Topic', DependsOn: N{number}}}"))
        .collect();
    let text = of(&resources.join(", "));
    let document = read("t.yaml", text.as_bytes()).unwrap();
    let found = lint(&document, Purpose::default());
    let last: Vec<&str> =
        found.0.iter().filter(|one| one.code == "more-findings").map(|one| one.message.as_str()).collect();
    // 2,000 names that lead nowhere, and a quota.
    assert_eq!((last, found.0.len()), (vec!["1801 more findings are not told"], 201));
    let excerpts: usize =
        found.0.iter().filter_map(|one| one.place.as_ref()).map(|place| place.excerpt.len()).sum();
    assert!(excerpts < 100_000, "{excerpts} bytes of excerpts");
}
