use insta::assert_snapshot;

use crate::model::{Diagnostic, Diagnostics, Place};
use crate::plan::Observation;
use crate::plan::fixture::{deploy, deploy_context, deployed, environment, seen};
use crate::ui::{Colour, Palette, error};

fn shown(diagnostic: &Diagnostic) -> String {
    error::diagnostic(diagnostic, &Palette::plain())
}

#[test]
fn a_diagnostic_points_at_its_place() {
    let text = "kind: stack\ntemplate: data@1.2.0\ninptus: {size: small}\n";
    let unknown = Diagnostic::error("unknown-key", "unknown key `inptus`")
        .at(Place::at("stacks/data.yaml", text, 3, 1, 6))
        .hint("did you mean `inputs`?");
    let draft = Diagnostic::warning("draft-template", "template `data@1.2.0` is not in the lock")
        .at(Place::file("rekindle.lock"))
        .hint("publish it with `rekindle lock`");
    let diagnostics = Diagnostics(vec![unknown, draft]);
    assert_snapshot!(error::diagnostics(&diagnostics, &Palette::plain()), @"
    error[unknown-key]: unknown key `inptus`
     --> stacks/data.yaml:3:1
      |
    3 | inptus: {size: small}
      | ^^^^^^
      = hint: did you mean `inputs`?

    warning[draft-template]: template `data@1.2.0` is not in the lock
     --> rekindle.lock
      = hint: publish it with `rekindle lock`

    1 error, 1 warning
    ");
}

#[test]
fn tabs_and_wide_characters_keep_the_caret_in_place() {
    let tab = Diagnostic::error("tab", "a tab").at(Place::at("a.yaml", "\tname:\tx", 1, 8, 1));
    assert_snapshot!(shown(&tab), @"
    error[tab]: a tab
     --> a.yaml:1:8
      |
    1 |     name:   x
      |             ^
    ");
    let wide = Diagnostic::error("wide", "wide").at(Place::at("a.yaml", "名前: 値段 x", 1, 5, 2));
    assert_snapshot!(shown(&wide), @"
    error[wide]: wide
     --> a.yaml:1:5
      |
    1 | 名前: 値段 x
      |       ^^^^
    ");
}

#[test]
fn a_place_behind_the_end_and_a_long_line_are_shown() {
    let end = Diagnostic::error("missing", "a value is missing").at(Place::at("a.yaml", "name:\n", 1, 6, 1));
    assert_snapshot!(shown(&end), @"
    error[missing]: a value is missing
     --> a.yaml:1:6
      |
    1 | name:
      |      ^
    ");
    let line = format!("{}here{}", "x".repeat(150), "y".repeat(150));
    let long = Diagnostic::error("long", "long").at(Place::at("a.yaml", &line, 1, 151, 4));
    assert_snapshot!(shown(&long), @"
    error[long]: long
     --> a.yaml:1:151
      |
    1 | …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxhereyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…
      |                                                    ^^^^
    ");
}

#[test]
fn what_a_file_says_does_not_steer_the_terminal() {
    let text = "name: \u{1b}[2Jx";
    let evil = Diagnostic::error("evil", "bad \u{1b}[31mname").at(Place::at("a.yaml", text, 1, 7, 5));
    assert!(!shown(&evil).contains('\u{1b}'));
}

#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Told {
    text: &'static str,
    #[source]
    cause: Option<Box<Told>>,
}

#[test]
fn a_chain_tells_each_cause_once() {
    let refused = Told { text: "connect to `localhost:4570`: connection refused", cause: None };
    let repeated = Told { text: "no answer", cause: Some(Box::new(refused)) };
    let outer = Told { text: "DescribeStacks: no answer", cause: Some(Box::new(repeated)) };
    let hint = Some("is the emulator running?");
    assert_snapshot!(error::chain(&outer, hint, &Palette::plain()), @"
    error: DescribeStacks: no answer
      caused by: connect to `localhost:4570`: connection refused
    hint: is the emulator running?
    ");
}

#[test]
fn every_obstacle_of_a_plan_has_advice() {
    let units = environment();
    let mut observation = deployed(&units);
    seen(&mut observation, "web").tags.clear();
    seen(&mut observation, "network").status = crate::model::StackStatus::UpdateRollbackFailed;
    let refused = deploy(&units, &deploy_context(), &observation).unwrap_err();
    assert_snapshot!(error::plan_error(&refused, &Palette::plain()), @"
    error: stack `fieldbook-demo-network` of `network` is UPDATE_ROLLBACK_FAILED and cannot be updated
    hint: correct what its events name, then add `--continue-rollback network`; `--skip-failed network` leaves as it is what still cannot go back

    error: stack `fieldbook-demo-web`, the name that `web` wants, is not ours: it does not carry our tags
    hint: rename or delete that stack, or choose another project or unit name
    ");
}

#[test]
fn colour_adds_nothing_but_colour() {
    let error_ = deploy(&[], &selecting_nothing_known(), &Observation::default()).unwrap_err();
    let plain = error::plan_error(&error_, &Palette::plain());
    let coloured = error::plan_error(&error_, &Palette::new(Colour::Always));
    assert!(coloured.contains("\u{1b}["));
    let mut stripped = String::new();
    let mut pieces = coloured.split('\u{1b}');
    stripped.push_str(pieces.next().unwrap());
    pieces.for_each(|piece| stripped.push_str(piece.split_once('m').unwrap().1));
    assert_eq!(stripped, plain);
}

fn selecting_nothing_known() -> crate::plan::DeployContext {
    crate::plan::DeployContext { selected: Some(["web".parse().unwrap()].into()), ..deploy_context() }
}
