//! Rules against templates: one template with one mistake each, and what stays silent.

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
    assert_eq!(problems(text), "");
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
    insta::assert_snapshot!(problems(text));
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
    insta::assert_snapshot!(problems(text));
}

#[test]
fn what_macros_and_loops_make_is_not_judged() {
    let looped = "Transform: AWS::LanguageExtensions\nResources:\n  'Fn::ForEach::S':\n    - N\n    - [a]\n    - 'B${N}': {Type: T, Properties: {X: !Ref N}}\n  C: {Type: T, Properties: {X: !Ref Ba}}\n";
    assert_eq!(problems(looped), "");
    let made = "Transform: AWS::Serverless-2016-10-31\nResources: {F: {Type: T}, G: {Type: T, Properties: {X: !Ref FRole}}}\n";
    assert_eq!(problems(made), "");
    let closed =
        "Transform: AWS::LanguageExtensions\nResources: {G: {Type: T, Properties: {X: !Ref FRole}}}\n";
    assert!(problems(closed).contains("there is no parameter or resource `FRole`"));
}
