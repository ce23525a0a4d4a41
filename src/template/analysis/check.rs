//! Names that lead nowhere, and circles.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::diagnostic::did_you_mean;
use crate::model::{Diagnostic, Diagnostics};
use crate::template::Document;
use crate::template::analysis::references::{Reference, ReferenceKind, dependencies, is_loop, references};
use crate::template::analysis::transforms;

/// AWS CloudFormation user guide, "Pseudo parameters reference".
const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// Checks that every name a template uses exists and that nothing needs itself.
///
/// Where a macro or a `Fn::ForEach` makes resources, names of resources are not judged.
pub fn check(document: &Document) -> Diagnostics {
    let template = &document.value;
    let names = Names::of(template);
    let found = references(template);
    let mut problems = Diagnostics::default();
    for reference in &found {
        problems.extend(names.problem(reference).map(|problem| match document.place(&reference.pointer) {
            Some(place) => problem.at(place),
            None => problem,
        }));
    }
    problems.extend(circles(document, "Resources", "resource", &dependencies(template, &found)));
    problems.extend(circles(document, "Conditions", "condition", &conditions(&found)));
    problems
}

struct Names<'a> {
    parameters: BTreeSet<&'a str>,
    resources: BTreeSet<&'a str>,
    conditions: BTreeSet<&'a str>,
    mappings: BTreeSet<&'a str>,
    /// Whether there may be resources, conditions or mappings that are not written out.
    is_open: bool,
}

impl<'a> Names<'a> {
    fn of(template: &'a Value) -> Self {
        let section = |name: &str| -> BTreeSet<&'a str> {
            let section = template.get(name).and_then(Value::as_object);
            section.into_iter().flat_map(|section| section.keys()).map(String::as_str).collect()
        };
        let resources = section("Resources");
        let makes_more = |name: &String| name != "AWS::LanguageExtensions";
        let is_open = transforms(template).iter().any(makes_more)
            || resources
                .iter()
                .chain(&section("Conditions"))
                .any(|key| is_loop(key) || *key == "Fn::Transform");
        Self {
            parameters: section("Parameters"),
            resources,
            conditions: section("Conditions"),
            mappings: section("Mappings"),
            is_open,
        }
    }

    fn problem(&self, reference: &Reference) -> Option<Diagnostic> {
        let name = reference.name.as_str();
        let in_conditions = matches!(reference.owner(), Some(("Conditions" | "Rules", _)));
        let (known, what): (Vec<&BTreeSet<&str>>, _) = match reference.kind {
            ReferenceKind::Ref if PSEUDO_PARAMETERS.contains(&name) => return None,
            ReferenceKind::Ref if in_conditions => (vec![&self.parameters], "parameter"),
            ReferenceKind::Ref => (vec![&self.parameters, &self.resources], "parameter or resource"),
            ReferenceKind::Attribute | ReferenceKind::DependsOn => (vec![&self.resources], "resource"),
            ReferenceKind::Condition => (vec![&self.conditions], "condition"),
            ReferenceKind::Mapping => (vec![&self.mappings], "mapping"),
        };
        if self.is_open || known.iter().any(|names| names.contains(name)) {
            return None;
        }
        let names: Vec<&str> = known.into_iter().flatten().copied().chain(PSEUDO_PARAMETERS).collect();
        let hint = match did_you_mean(name, names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if in_conditions && self.resources.contains(name) => {
                "conditions and rules are evaluated before any resource exists: they see parameters only"
                    .to_owned()
            }
            None => match reference.kind {
                ReferenceKind::Condition => "declare it in `Conditions`, or correct the name".to_owned(),
                ReferenceKind::Mapping => "declare it in `Mappings`, or correct the name".to_owned(),
                _ => "correct the name; what another stack holds comes in as a parameter".to_owned(),
            },
        };
        Some(Diagnostic::error("dangling-reference", format!("there is no {what} `{name}`")).hint(hint))
    }
}

/// Of each condition, the conditions it is made of.
fn conditions(references: &[Reference]) -> BTreeMap<String, BTreeSet<String>> {
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for reference in references.iter().filter(|reference| reference.kind == ReferenceKind::Condition) {
        if let Some(("Conditions", owner)) = reference.owner() {
            needs.entry(owner.to_owned()).or_default().insert(reference.name.clone());
        }
    }
    needs
}

fn circles(
    document: &Document,
    section: &str,
    what: &str,
    needs: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<Diagnostic> {
    let mut search = Search { needs, done: BTreeSet::new(), path: Vec::new(), circles: Vec::new() };
    needs.keys().for_each(|name| search.visit(name));
    let report = |circle: Vec<&str>| {
        let names: Vec<_> = circle.iter().chain(circle.first()).map(|name| format!("`{name}`")).collect();
        let problem = Diagnostic::error(
            "circular-dependency",
            format!("each {what} needs the next: {}", names.join(" -> ")),
        )
        .hint("take one of these references out, or move it into a resource of its own");
        match circle.first().and_then(|name| document.key_place(&format!("/{section}/{name}"))) {
            Some(place) => problem.at(place),
            None => problem,
        }
    };
    search.circles.into_iter().map(report).collect()
}

/// How many circles are looked for: a template in which everything needs everything has more of
/// them than anyone reads.
const MOST_CIRCLES: usize = 20;

/// Depth-first search; every circle it meets is reported once, from where it was entered. It keeps
/// its own stack: a chain may be as long as a template.
struct Search<'a> {
    needs: &'a BTreeMap<String, BTreeSet<String>>,
    done: BTreeSet<&'a str>,
    /// The names on the way, each with those it needs and that were not looked at yet.
    path: Vec<(&'a str, std::collections::btree_set::Iter<'a, String>)>,
    circles: Vec<Vec<&'a str>>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, name: &'a str) {
        self.enter(name);
        while let Some((_, needed)) = self.path.last_mut() {
            match needed.next() {
                Some(next) if self.circles.len() < MOST_CIRCLES => self.enter(next),
                _ => drop(self.path.pop()),
            }
        }
    }

    fn enter(&mut self, name: &'a str) {
        if !self.done.insert(name) {
            // Done, or still on the way.
            if let Some(start) = self.path.iter().position(|(on_path, _)| *on_path == name) {
                self.circles.push(self.path[start..].iter().map(|(name, _)| *name).collect());
            }
            return;
        }
        let needed = self.needs.get(name).map(BTreeSet::iter).unwrap_or_default();
        self.path.push((name, needed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::read;

    fn problems(text: &str) -> String {
        let document = read("t.yaml", text.as_bytes()).unwrap();
        let line = |problem: Diagnostic| {
            let place = problem.place.unwrap();
            format!(
                "{}:{} {}\n  hint: {}",
                place.line,
                place.column,
                problem.message,
                problem.hint.unwrap_or_default()
            )
        };
        check(&document).into_iter().map(line).collect::<Vec<_>>().join("\n")
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
}
