//! What a template lacks once its conditions are decided, through the binary: told by `check` and `plan`,
//! with the place in the source, before anything begins.

use crate::support::project::Project;

const TOPICS: &str = "\
Parameters:
  Size: {Type: String, Default: small}
Conditions:
  Large: !Equals [!Ref Size, large]
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Other:
    Type: AWS::SNS::Topic
    Condition: Large
Outputs:
  Other: {Value: !Ref Other}
  Chosen: {Value: !If [Large, !GetAtt Other.TopicArn, !Sub 'none of ${Other.TopicName}']}
  Nothing:
    Value: !If [Large, x, !Ref AWS::NoValue]
";

#[test]
fn what_a_condition_leaves_out_is_told_before_anything_begins() {
    let project = Project::of_one_unit("topics", "template.yaml", TOPICS);
    project.publish_unjudged();
    let checked = project.run(&["check", "demo"]).expect_code(1);
    insta::assert_snapshot!(checked.stdout, @"
    error[absent-resource]: the output `Chosen` refers to `Other`, which is not there: its condition `Large` does not hold with the values of `topics` in `demo`
      --> templates/topics/1.0.0/template.yaml:12:55
       |
    12 |   Chosen: {Value: !If [Large, !GetAtt Other.TopicArn, !Sub 'none of ${Other.TopicName}']}
       |                                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       = hint: give it the same condition (`Condition: Large`), or choose with `!If [Large, ..., ...]`

    error[output-form]: the output `Nothing` has no value: it comes out as `AWS::NoValue`, with the values of `topics` in `demo`
      --> templates/topics/1.0.0/template.yaml:14:12
       |
    14 |     Value: !If [Large, x, !Ref AWS::NoValue]
       |            ^^^^^
       = hint: give the output a `Condition` of its own, or a text in every case

    error[absent-resource]: the output `Other` refers to `Other`, which is not there: its condition `Large` does not hold with the values of `topics` in `demo`
      --> templates/topics/1.0.0/template.yaml:11:18
       |
    11 |   Other: {Value: !Ref Other}
       |                  ^^^^^^^^^^
       = hint: give it the same condition (`Condition: Large`), or choose with `!If [Large, ..., ...]`

    3 errors
    ");
    for command in [&["plan", "demo"][..], &["deploy", "demo", "--yes"]] {
        let refused = project.run(command).expect_code(1);
        assert_eq!(refused.stderr, checked.stdout, "{command:?}");
    }
    let large = "kind: stack\nclass: stateless\ntemplate: topics@1.0.0\nparameters: {Size: large}\n";
    project.write("stacks/topics.yaml", large);
    project.run(&["check", "demo"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
}

#[test]
fn what_is_not_known_yet_is_let_pass() {
    let other = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\nOutputs:\n  Size: {Value: large}\n";
    let project = Project::of_one_unit("sizes", "template.yaml", other);
    let folder = "templates/topics/1.0.0";
    project.write(&format!("{folder}/interface.yaml"), "kind: stack\ndescription: Of a test.\ninputs: {}\n");
    project.write(&format!("{folder}/template.yaml"), TOPICS);
    let stack =
        "kind: stack\nclass: stateless\ntemplate: topics@1.0.0\nparameters: {Size: !output sizes.Size}\n";
    project.write("stacks/topics.yaml", stack);
    project.publish_unjudged();
    project.run(&["check", "demo"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
}

const EXPORTS: &str = "\
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList}
Resources:
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  Fn::ForEach::Written:
    - Name
    - [a_b, c]
    - Written&{Name}:
        Value: x
        Export: {Name: !Sub 'data-${Name}'}
  Fn::ForEach::Bound:
    - Name
    - !Ref Names
    - Bound&{Name}:
        Value: x
        Export: {Name: !Join ['-', [bound, !Ref Name]]}
  Stack:
    Value: x
    Export: {Name: !Sub '${AWS::StackName}.x'}
";

#[test]
fn names_of_exports_that_loops_make_are_told_before_anything_begins() {
    let project = Project::of_one_unit("topics", "template.yaml", EXPORTS);
    let stack = |names: &str| {
        format!("kind: stack\nclass: stateless\ntemplate: topics@1.0.0\nparameters: {{Names: [{names}]}}\n")
    };
    project.write("stacks/topics.yaml", stack("d, e_f"));
    project.publish_unjudged();
    let checked = project.run(&["check", "demo"]).expect_code(1);
    insta::assert_snapshot!(checked.stdout, @"
    error[output-form]: the name of an export has letters, digits, colons and hyphens only
      --> templates/topics/1.0.0/template.yaml:12:24
       |
    12 |         Export: {Name: !Sub 'data-${Name}'}
       |                        ^^^^^^^^^^^^^^^^^^^
       = hint: change the text, or the values that it is made of

    error[output-form]: the name of an export has letters, digits, colons and hyphens only
      --> templates/topics/1.0.0/template.yaml:21:20
       |
    21 |     Export: {Name: !Sub '${AWS::StackName}.x'}
       |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^
       = hint: change the text, or the values that it is made of

    error[output-form]: the output `Boundef` is exported as `bound-e_f`: the name of an export has letters, digits, colons and hyphens only
      --> templates/topics/1.0.0/template.yaml:18:24
       |
    18 |         Export: {Name: !Join ['-', [bound, !Ref Name]]}
       |                        ^^^^^^^
       = hint: change the text, or the values that it is made of

    3 errors
    ");
    assert_eq!(project.run(&["plan", "demo"]).expect_code(1).stderr, checked.stdout);
    let fine = EXPORTS.replace("a_b", "a").replace("StackName}.x", "StackName}:x");
    let project = Project::of_one_unit("topics", "template.yaml", &fine);
    project.write("stacks/topics.yaml", stack("d, e:f"));
    project.publish_unjudged();
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
}
