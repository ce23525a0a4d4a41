use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use insta::assert_snapshot;
use jiff::Timestamp;

use super::Shared;
use crate::engine::{Cause, Event, Operation, Outcome, PlannedUnit, Skipped, UnitOutcome, UnitReport};
use crate::model::{Digest, StackEvent};
use crate::plan::ActionKind;
use crate::plan::fixture::instance;
use crate::ui::Palette;
use crate::ui::outcome_view::{Ids, Summary, outcome, rebuilt};
use crate::ui::plan_view::Detail;
use crate::ui::run::live::Frame;
use crate::ui::run::{Clock, Expectations, JsonView, LinesView, LiveView, Progress, RunView};

fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-01T10:00:00Z".parse().unwrap();
    start + jiff::SignedDuration::from_secs(seconds)
}

fn started() -> Event {
    let unit = |name: &str, action, waits: &[&str]| PlannedUnit {
        instance: instance(name),
        action,
        waits_for: waits.iter().map(|name| instance(name)).collect(),
    };
    Event::Started {
        time: at(0),
        operation: Operation::Deploy,
        environment: "demo".parse().unwrap(),
        units: vec![
            unit("data", ActionKind::Update, &["network"]),
            unit("keys", ActionKind::Keep, &[]),
            unit("network", ActionKind::Create, &[]),
            unit("web", ActionKind::Create, &["data"]),
        ],
    }
}

fn begins(seconds: i64, name: &str, action: ActionKind) -> Event {
    let stack = format!("fieldbook-demo-{name}").parse().unwrap();
    Event::UnitStarted { time: at(seconds), instance: instance(name), action, stack }
}

fn resource(seconds: i64, name: &str, id: &str, kind: &str, status: &str, reason: Option<&str>) -> Event {
    let physical = format!("arn:aws:cloudformation:eu-central-1:000000000000:stack/{id}/1");
    let stack_event = StackEvent {
        id: format!("{name}-{id}-{seconds}"),
        time: at(seconds),
        logical_id: id.to_owned(),
        physical_id: kind.ends_with("::Stack").then_some(physical),
        resource_type: kind.to_owned(),
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
        token: None,
    };
    Event::Resource { instance: instance(name), stack_event }
}

fn report(name: &str, action: ActionKind, outcome: UnitOutcome, seconds: f64) -> UnitReport {
    let (instance, left_behind) = (instance(name), Vec::new());
    UnitReport { instance, action, outcome, stack_id: None, changed: None, seconds, left_behind }
}

fn failed() -> UnitReport {
    let reason = "The parameter AllocatedStorage must be greater than the current value \
                  (Service: Rds, Status Code: 400, Request ID: 00000000)";
    let cause = Cause {
        resource: Some("Database".to_owned()),
        resource_type: Some("AWS::RDS::DBInstance".to_owned()),
        reason: reason.to_owned(),
        advice: None,
    };
    report("data", ActionKind::Update, UnitOutcome::RolledBack { cause }, 190.0)
}

/// Network is made, data fails, web is skipped.
fn story() -> Vec<Event> {
    let stack = "AWS::CloudFormation::Stack";
    let finished = |seconds, report| Event::UnitFinished { time: at(seconds), report };
    vec![
        started(),
        begins(1, "network", ActionKind::Create),
        resource(1, "network", "fieldbook-demo-network", stack, "CREATE_IN_PROGRESS", None),
        resource(2, "network", "Vpc", "AWS::EC2::VPC", "CREATE_IN_PROGRESS", None),
        resource(12, "network", "Vpc", "AWS::EC2::VPC", "CREATE_COMPLETE", None),
        resource(13, "network", "Subnet", "AWS::EC2::Subnet", "CREATE_IN_PROGRESS", None),
        Event::Notice {
            time: at(14),
            instance: None,
            message: "calls are throttled; slowing down".to_owned(),
        },
        resource(20, "network", "Subnet", "AWS::EC2::Subnet", "CREATE_COMPLETE", None),
        finished(21, report("network", ActionKind::Create, UnitOutcome::Done, 20.0)),
        begins(21, "data", ActionKind::Update),
        resource(22, "data", "Database", "AWS::RDS::DBInstance", "UPDATE_IN_PROGRESS", None),
        resource(90, "data", "Database", "AWS::RDS::DBInstance", "UPDATE_FAILED", Some("must be\ngreater")),
        finished(211, failed()),
        Event::Stopping { time: at(211), now: false },
        Event::UnitSkipped {
            time: at(211),
            skipped: Skipped { instance: instance("web"), because_of: Some(instance("data")) },
        },
    ]
}

fn ended() -> Outcome {
    Outcome {
        reports: vec![report("network", ActionKind::Create, UnitOutcome::Done, 20.0), failed()],
        skipped: vec![Skipped { instance: instance("web"), because_of: Some(instance("data")) }],
        interrupted: false,
        seconds: 211.0,
        release: Some(Digest::of("release")),
        deployment: Some(Digest::of("deployment")),
        proof: None,
    }
}

fn clock(seconds: &Arc<AtomicI64>) -> Clock {
    let seconds = Arc::clone(seconds);
    Box::new(move || at(seconds.load(Ordering::SeqCst)))
}

#[test]
fn a_log_has_a_line_per_change() {
    let (text, now) = (Shared::default(), Arc::default());
    let view = LinesView::new(Box::new(text.clone()), clock(&now), Detail::Normal, Palette::plain());
    story().into_iter().for_each(|event| crate::engine::EventSink::send(&view, event));
    view.finish(&Summary::of([&ended()])).unwrap();
    assert_snapshot!(text.text(), @"
    10:00:00 deploying demo: 3 stacks
    10:00:01 network: creating fieldbook-demo-network
    10:00:12 network: Vpc AWS::EC2::VPC CREATE_COMPLETE
    10:00:14 calls are throttled; slowing down
    10:00:20 network: Subnet AWS::EC2::Subnet CREATE_COMPLETE
    10:00:21 network: created in 20s
    10:00:21 data: updating fieldbook-demo-data
    10:01:30 data: Database AWS::RDS::DBInstance UPDATE_FAILED: must be greater
    10:03:31 data: failed and rolled back after 3m 10s: Database (AWS::RDS::DBInstance): The parameter AllocatedStorage must be greater than the current value (Service: Rds, Status Code: 400, Request ID: 00000000)
    10:03:31 stopping: what runs is finished, nothing new starts (Ctrl-C again to stop now)
    10:03:31 web: skipped because data failed
    ");
}

#[test]
fn a_log_never_is_silent_for_long() {
    let (text, now) = (Shared::default(), Arc::new(AtomicI64::new(0)));
    let view = LinesView::new(Box::new(text.clone()), clock(&now), Detail::Normal, Palette::plain());
    let longest = 30;
    view.heartbeat();
    assert_eq!(text.text(), "", "nothing is said before anything began");
    story().into_iter().take(4).for_each(|event| crate::engine::EventSink::send(&view, event));
    let mut lines = text.text().lines().count();
    let (mut last, interval) = (0, view.interval().unwrap().as_secs() as i64);
    for second in (0..600).step_by(interval as usize) {
        now.store(second, Ordering::SeqCst);
        view.heartbeat();
        if text.text().lines().count() > lines {
            assert!(second - last <= longest, "silent from {last} to {second}");
            (lines, last) = (text.text().lines().count(), second);
        }
    }
    assert!(last > 560);
    assert_snapshot!(text.text().lines().last().unwrap(), @"10:09:40 still at work on network (9m 39s: Vpc; data waits for it), 0 of 3 done");
}

#[test]
fn a_stream_opens_with_its_version_and_closes_with_a_summary() {
    let text = Shared::default();
    let view = JsonView::new(Box::new(text.clone()));
    let story = story();
    story.iter().take(3).cloned().for_each(|event| crate::engine::EventSink::send(&view, event));
    crate::engine::EventSink::send(&view, story[12].clone());
    view.finish(&Summary::of([&ended()])).unwrap();
    let version = format!("\"{}\"", env!("CARGO_PKG_VERSION"));
    assert_snapshot!(text.text().replace(&version, "\"VERSION\""), @r#"
    {"event":"version","rekindle":"VERSION","schema":1}
    {"environment":"demo","event":"started","operation":"deploy","time":"2026-11-01T10:00:00Z","units":[{"action":"update","instance":"data","waits_for":["network"]},{"action":"keep","instance":"keys","waits_for":[]},{"action":"create","instance":"network","waits_for":[]},{"action":"create","instance":"web","waits_for":["data"]}]}
    {"action":"create","event":"unit-started","instance":"network","stack":"fieldbook-demo-network","time":"2026-11-01T10:00:01Z"}
    {"event":"resource","id":"network-fieldbook-demo-network-1","instance":"network","logical_id":"fieldbook-demo-network","physical_id":"arn:aws:cloudformation:eu-central-1:000000000000:stack/fieldbook-demo-network/1","reason":null,"resource_type":"AWS::CloudFormation::Stack","status":"CREATE_IN_PROGRESS","time":"2026-11-01T10:00:01Z","token":null}
    {"action":"update","cause":{"reason":"The parameter AllocatedStorage must be greater than the current value (Service: Rds, Status Code: 400, Request ID: 00000000)","resource":"Database","resource_type":"AWS::RDS::DBInstance"},"changed":null,"event":"unit-finished","instance":"data","outcome":"rolled-back","seconds":190.0,"stack_id":null,"time":"2026-11-01T10:03:31Z"}
    {"deployment":"sha256:aee50b18a03c89e4883a5acadf5c8614dd7fd2f111c3b616e1a8d6427edc3e3f","event":"summary","outcome":"failed","release":"sha256:a4d451ec23463726f72c43d64c710968f6b602cd653b4de8adee1b556240a829","schema":1,"seconds":211.0}
    "#);
    let events: Vec<Event> = text.text().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(events, [&story[0], &story[1], &story[2], &story[12]].map(Clone::clone));
}

fn frame(events: usize, elapsed: f64, expectations: &Expectations) -> String {
    let mut progress = Progress::default();
    story().iter().take(events).for_each(|event| progress.apply(event));
    let palette = Palette::plain();
    let frame = Frame { spinner: "⠋", elapsed, columns: 80, palette: &palette, expectations };
    frame.draw(&progress).join("\n")
}

#[test]
fn a_terminal_shows_what_goes_on() {
    let expectations = Expectations { resources: [(instance("network"), 14)].into(), seconds: Some(240.0) };
    assert_snapshot!(frame(6, 13.0, &expectations), @"
    deploying demo: 0 of 3 done, 13s, about 3m 47s left
    ⠋ network  CREATE_IN_PROGRESS    1/14      12s  Subnet
      waiting: data, web
    ");
    assert_snapshot!(frame(11, 25.0, &Expectations::default()), @"
    deploying demo: 1 of 3 done, 25s
    ⠋ data  update                 0/1       4s  Database
      waiting: web
      calls are throttled; slowing down
    ");
    assert_snapshot!(frame(15, 211.0, &Expectations::default()), @"
    ✗ data: failed and rolled back after 3m 10s: Database (AWS::RDS::DBInstance): T…
    deploying demo: 2 of 3 done, 3m 31s
      calls are throttled; slowing down
      stopping: what runs is finished, nothing new starts (Ctrl-C again to stop now)
    ");
    for events in 0..=story().len() {
        for line in frame(events, 3.0, &expectations).lines() {
            assert!(crate::ui::text::width(line) <= 80, "{line}");
        }
    }
}

/// A terminal that remembers what was written to it.
#[derive(Clone, Default)]
struct Terminal(Shared);

impl std::fmt::Debug for Terminal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("terminal")
    }
}

impl indicatif::TermLike for Terminal {
    fn width(&self) -> u16 {
        80
    }
    fn move_cursor_up(&self, _: usize) -> std::io::Result<()> {
        Ok(())
    }
    fn move_cursor_down(&self, _: usize) -> std::io::Result<()> {
        Ok(())
    }
    fn move_cursor_right(&self, _: usize) -> std::io::Result<()> {
        Ok(())
    }
    fn move_cursor_left(&self, _: usize) -> std::io::Result<()> {
        Ok(())
    }
    fn write_line(&self, text: &str) -> std::io::Result<()> {
        writeln!(self.0.clone(), "{text}")
    }
    fn write_str(&self, text: &str) -> std::io::Result<()> {
        write!(self.0.clone(), "{text}")
    }
    fn clear_line(&self) -> std::io::Result<()> {
        Ok(())
    }
    fn flush(&self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_live_view_keeps_what_was_done_and_draws_what_goes_on() {
    let terminal = Terminal::default();
    let target = indicatif::ProgressDrawTarget::term_like(Box::new(terminal.clone()));
    let view = LiveView::new(target, 80, clock(&Arc::default()), Palette::plain(), Expectations::default());
    story().into_iter().for_each(|event| crate::engine::EventSink::send(&view, event));
    view.heartbeat();
    let drawn = terminal.0.text();
    assert!(drawn.contains("✓ network: created in 20s"), "{drawn}");
    assert!(drawn.contains("deploying demo: 0 of 3 done, 0s"), "{drawn}");
    assert!(!drawn.contains("✓ data"), "{drawn}");
    let (_, afterwards) = drawn.split_once("✓ network").expect("network is done");
    assert!(!afterwards.contains("0 of 3 done"), "the block denies the line above it: {drawn}");
    view.finish(&Summary::of([&ended()])).unwrap();
    let before = terminal.0.text();
    view.heartbeat();
    assert_eq!(terminal.0.text(), before, "nothing is drawn after the end");
}

#[test]
fn the_end_of_a_rebuild_compares_the_ids() {
    let before = Ids { release: Some(Digest::of("release")), deployment: None };
    let after = Ids { release: Some(Digest::of("release")), deployment: Some(Digest::of("deployment")) };
    assert_snapshot!(rebuilt(&before, &after, &Palette::plain()), @"
    release    equal
      before sha256:a4d451ec23463726f72c43d64c710968f6b602cd653b4de8adee1b556240a829
      after  sha256:a4d451ec23463726f72c43d64c710968f6b602cd653b4de8adee1b556240a829
    deployment different
      before unknown
      after  sha256:aee50b18a03c89e4883a5acadf5c8614dd7fd2f111c3b616e1a8d6427edc3e3f
    ");
}

#[test]
fn the_end_of_a_failed_run_names_the_root_cause() {
    let environment = "demo".parse().unwrap();
    let shown = outcome(Operation::Deploy, &environment, &ended(), &Palette::plain());
    assert_snapshot!(shown, @"
    Deploy of demo failed after 3m 31s

      data: failed and rolled back
        Database (AWS::RDS::DBInstance)
          The parameter AllocatedStorage must be greater than the current value
          (Service: Rds, Status Code: 400, Request ID: 00000000)
        hint: fix the cause in the source, then run the same command again

      skipped because data failed: web
      1 done, 1 failed, 1 skipped
      release    sha256:a4d451ec23463726f72c43d64c710968f6b602cd653b4de8adee1b556240a829
      deployment sha256:aee50b18a03c89e4883a5acadf5c8614dd7fd2f111c3b616e1a8d6427edc3e3f
    ");
}

#[test]
fn the_end_of_other_runs() {
    let environment = "demo".parse().unwrap();
    let mut outcome_ = ended();
    outcome_.reports.truncate(1);
    outcome_.skipped.clear();
    let shown = |outcome_: &Outcome| outcome(Operation::Deploy, &environment, outcome_, &Palette::plain());
    assert_snapshot!(shown(&outcome_), @"
    Deploy of demo succeeded after 3m 31s
      1 done
      release    sha256:a4d451ec23463726f72c43d64c710968f6b602cd653b4de8adee1b556240a829
      deployment sha256:aee50b18a03c89e4883a5acadf5c8614dd7fd2f111c3b616e1a8d6427edc3e3f
    ");
    outcome_.skipped.push(Skipped { instance: instance("web"), because_of: None });
    outcome_.interrupted = true;
    assert_snapshot!(shown(&outcome_), @"
    Deploy of demo interrupted after 3m 31s
      skipped because the run was stopped: web
      1 done, 1 skipped
      release    sha256:a4d451ec23463726f72c43d64c710968f6b602cd653b4de8adee1b556240a829
      deployment sha256:aee50b18a03c89e4883a5acadf5c8614dd7fd2f111c3b616e1a8d6427edc3e3f
      hint: run the same command again to continue
    ");
    outcome_.reports.push(report("data", ActionKind::Create, UnitOutcome::LeftRunning, 5.0));
    assert_snapshot!(shown(&outcome_), @"
    Deploy of demo interrupted after 3m 31s

      data: left running; CloudFormation goes on with it
        hint: run the same command again to continue

      skipped because the run was stopped: web
      1 done, 1 left running, 1 skipped
      release    sha256:a4d451ec23463726f72c43d64c710968f6b602cd653b4de8adee1b556240a829
      deployment sha256:aee50b18a03c89e4883a5acadf5c8614dd7fd2f111c3b616e1a8d6427edc3e3f
    ");
    let differences = vec!["`Database` would be replaced".to_owned()];
    outcome_.reports[1].outcome = UnitOutcome::Unannounced { differences };
    let cause =
        Cause { resource: None, resource_type: None, reason: "Internal failure".to_owned(), advice: None };
    let hint = "look at the events of its stack".to_owned();
    outcome_.reports[0].outcome = UnitOutcome::NeedsHands { cause, blockers: Vec::new(), hint };
    assert_snapshot!(shown(&outcome_), @"
    Deploy of demo failed and needs hands after 3m 31s

      network: failed and needs hands
          Internal failure
        hint: look at the events of its stack

      data: not done: the change set shows what the plan did not announce
        `Database` would be replaced
        hint: look at these changes; `--allow-replacement data` consents to replacements

      skipped because the run was stopped: web
      2 failed, 1 skipped
      release    sha256:a4d451ec23463726f72c43d64c710968f6b602cd653b4de8adee1b556240a829
      deployment sha256:aee50b18a03c89e4883a5acadf5c8614dd7fd2f111c3b616e1a8d6427edc3e3f
    ");
}
