//! The state directory: damaged, newer, full, read-only, held by another process. What is there is
//! refused, never reset.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{TEMPLATE, assert_told, keys, tell, told};
use crate::support::project::{Project, Run};

/// A project whose environment stands.
fn deployed() -> Project {
    let project = keys(TEMPLATE);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project
}

/// The only file of the embedded engine's state.
fn local_state(project: &Project) -> PathBuf {
    let files: Vec<_> = fs::read_dir(project.path().join(".rekindle/local")).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].as_ref().unwrap().path()
}

/// Runs `plan` on a damaged state, and checks that it is left as it was found.
fn plan_on(project: &Project, damaged: &[u8]) -> String {
    let file = local_state(project);
    fs::write(&file, damaged).unwrap();
    let told = told(project, &["plan", "demo"]);
    assert_eq!(fs::read(&file).unwrap(), damaged, "a refused state was changed");
    told
}

#[test]
fn a_local_state_that_is_not_one() {
    assert_told!(plan_on(&deployed(), b"once a database\n"), @"
    exit code 1
    error: open the embedded cloud's state `[project]/.rekindle/local/cloud.redb`: I/O error: Not a redb database: magic number mismatch
    hint: nothing was reset; restore the file from a copy, or move `[project]/.rekindle/local/cloud.redb` away to begin with an empty cloud
    ");
}

#[test]
fn a_local_state_that_was_cut_off() {
    let project = deployed();
    let whole = fs::read(local_state(&project)).unwrap();
    assert_told!(plan_on(&project, &whole[..whole.len() / 3]), @"
    exit code 1
    error: open the embedded cloud's state `[project]/.rekindle/local/cloud.redb`: DB corrupted: File truncated below stored layout: file_len=24576, layout_len=73728
    hint: nothing was reset; restore the file from a copy, or move `[project]/.rekindle/local/cloud.redb` away to begin with an empty cloud
    ");
}

#[test]
fn a_damaged_record() {
    let project = deployed();
    let ledger = project.path().join(".rekindle/ledger/demo");
    let record = fs::read_dir(ledger).unwrap().next().unwrap().unwrap().path();
    fs::write(record, "{\"schema\": 1,").unwrap();
    assert_told!(told(&project, &["plan", "demo"]), @"
    exit code 1
    error: the record `[project]/.rekindle/ledger/demo/1.json` is damaged
      caused by: EOF while parsing a value at line 1 column 13
    hint: restore the file from a backup, or move it away to go on without what it says; the stacks themselves are not affected
    ");
}

#[test]
fn a_state_directory_that_is_a_file() {
    let project = keys(TEMPLATE);
    project.write("state", "");
    assert_told!(told(&project, &["deploy", "demo", "--yes", "--state-dir", "state"]), @"
    exit code 1
    error: could not write `[project]/state`
      caused by: File exists (os error 17)
    hint: a file is where a directory should be: move it away
    ");
}

#[test]
fn an_environment_that_another_run_holds() {
    let project = deployed();
    let holder = r#"{"process": 4711, "command": "deploy", "since": "2026-11-23T10:00:00Z"}"#;
    project.write(".rekindle/lock/demo", holder);
    let lock = fs::File::open(project.path().join(".rekindle/lock/demo")).unwrap();
    lock.lock().unwrap();
    assert_told!(told(&project, &["deploy", "demo", "--yes"]), @"
    exit code 7
    error: another run holds the environment `demo`: `rekindle deploy` (process 4711), since 2026-11-23T10:00:00Z
    hint: wait until it ends; when its process dies the lock is released by itself
    ");
}

#[test]
fn a_local_state_of_a_newer_format() {
    let project = deployed();
    set_format(&project, 3);
    assert_told!(told(&project, &["plan", "demo"]), @"
    exit code 1
    error: open the embedded cloud's state `[project]/.rekindle/local/cloud.redb`: it has format 3, this version of rekindle reads format 2
    hint: nothing was reset; use the version of rekindle that wrote it, or move `[project]/.rekindle/local/cloud.redb` away to begin with an empty cloud
    ");
    // The format before is taken over.
    set_format(&project, 1);
    project.run(&["plan", "demo", "--detailed-exitcode"]).expect_code(0);
}

#[test]
fn a_local_state_that_was_emptied() {
    let project = keys(TEMPLATE);
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    fs::write(local_state(&project), "").unwrap();
    let run = project.run(&["plan", "demo"]).expect_code(1);
    assert!(run.stderr.contains("nothing was reset"), "{}", run.stderr);
    assert_eq!(fs::read(local_state(&project)).unwrap(), b"", "it is left as it was");
}

/// Many ways to damage the file, each from a seed: whatever a command does about it, nobody reads a
/// panic, nothing is reset, and what is refused is left as it was.
#[test]
fn a_local_state_with_random_damage() {
    let project = deployed();
    let file = local_state(&project);
    let whole = fs::read(&file).unwrap();
    let (mut refused, mut seed) = (0, 7_u64);
    let mut random = move |below: usize| {
        // Knuth's MMIX generator.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for round in 0..120 {
        let mut damaged = whole.clone();
        match round % 4 {
            0 => damaged[random(whole.len())] ^= 1 << random(8),
            1 => {
                let start = random(whole.len());
                let end = (start + random(4096)).min(whole.len());
                damaged[start..end].fill(0);
            }
            2 => damaged.truncate(1 + random(whole.len() - 1)),
            _ => (0..64).for_each(|_| damaged[random(whole.len())] = random(256) as u8),
        }
        fs::write(&file, &damaged).unwrap();
        let run = project.run(&["status", "demo"]);
        assert!(!run.stderr.contains("panicked") && !run.stderr.contains("RUST_BACKTRACE"), "{}", run.stderr);
        if run.code == 0 {
            assert!(run.stdout.contains("CREATE_COMPLETE"), "round {round}: reset\n{}", run.stdout);
        } else {
            refused += 1;
            assert_eq!(run.code, 1, "round {round}\n{}", run.stderr);
            assert!(run.stderr.contains("nothing was reset"), "round {round}\n{}", run.stderr);
            assert_eq!(fs::read(&file).unwrap(), damaged, "round {round}: a refused state was changed");
        }
    }
    assert!(refused > 60, "{refused}");
}

/// Writes another format number into the state of the embedded engine.
fn set_format(project: &Project, number: u64) {
    let database = redb::Database::open(local_state(project)).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta = redb::TableDefinition::<&str, u64>::new("meta");
    transaction.open_table(meta).unwrap().insert("format", number).unwrap();
    transaction.commit().unwrap();
}

#[test]
fn a_full_disk() {
    let project = keys(TEMPLATE);
    project.write("state/.keep", "");
    let script = "mount -t tmpfs -o size=64k tmpfs state && exec \"$@\"";
    let told = through_shell(&project, &["unshare", "--mount", "sh", "-c", script]);
    if told.contains("unshare failed") || told.contains("permission denied") {
        // Containers often may not mount. The limit on the size of files covers the same code.
        return;
    }
    assert_told!(told, @"
    exit code 6
    error: the deploy ended: needs-hands; its record could not be written, and the next command writes it from the journal
      caused by: could not write `[project]/state/ledger/demo/1.json`
      caused by: No space left on device (os error 28)
    hint: the disk is full: free some space and run the command again; what was there before is untouched
    ");
}

#[test]
fn a_file_that_may_not_grow() {
    let project = keys(TEMPLATE);
    assert_told!(through_shell(&project, &["sh", "-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\""]), @"
    exit code 1
    error: open the embedded cloud's state `[project]/state/local/cloud.redb`: I/O error: File too large (os error 27)
    hint: make room on the disk or correct the permissions, then run the command again
    ");
    let state = ["--state-dir", "state"];
    project.run(&[&["deploy", "demo", "--yes"], &state[..]].concat()).expect_code(0);
    project.run(&[&["verify", "demo"], &state[..]].concat()).expect_code(0);
}

#[test]
fn a_read_only_directory() {
    let project = keys(TEMPLATE);
    assert_told!(without_write_permission(&project, &["deploy", "demo", "--yes"]), @"
    exit code 1
    error: could not write `[project]/.rekindle`
      caused by: Permission denied (os error 13)
    hint: check who owns it and its permissions
    ");
}

#[test]
fn a_read_only_directory_for_artifacts() {
    let project = keys(TEMPLATE);
    assert_told!(without_write_permission(&project, &["render", "demo", "--out", "artifacts"]), @"
    exit code 1
    error: could not write `[project]/artifacts`
      caused by: Permission denied (os error 13)
    hint: check who owns it and its permissions
    ");
}

/// Runs `deploy` with its state in `state`, by a shell that first changes its surroundings.
fn through_shell(project: &Project, shell: &[&str]) -> String {
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg("sh").arg(env!("CARGO_BIN_EXE_rekindle"));
    command.args(["deploy", "demo", "--yes", "--quiet", "--state-dir", "state"]);
    command.current_dir(project.path()).env("NO_COLOR", "1").stdin(Stdio::null());
    tell(project, &Run::from(command.output().unwrap()))
}

/// Runs the binary as somebody who may read the project and not write there. Permissions do not
/// bind root, so root runs a copy of the binary as nobody.
fn without_write_permission(project: &Project, arguments: &[&str]) -> String {
    const NOBODY: u32 = 65534;
    let copy = project.path().join("rekindle-copy");
    // Not by this process: a file open for writing here would be inherited by whatever other tests
    // start meanwhile, and could not be executed ("text file busy").
    assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_rekindle")).arg(&copy).status().unwrap().success());
    let mut command = Command::new(&copy);
    command.args(arguments).current_dir(project.path()).env_clear().stdin(Stdio::null());
    if chown(&copy, Some(NOBODY), None).is_ok() {
        command.uid(NOBODY).gid(NOBODY);
    }
    fs::set_permissions(project.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let run = Run::from(command.output().unwrap());
    fs::set_permissions(project.path(), fs::Permissions::from_mode(0o755)).unwrap();
    tell(project, &run)
}
