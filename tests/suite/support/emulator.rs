//! An emulator of AWS on a free port of the loopback, for as long as the test binary runs.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// Runs a program until standard input closes. It closes however this process ends, so nothing is
/// left running, even after a kill.
const UNTIL_END_OF_INPUT: &str =
    "\"$0\" \"$@\" 2>&1 & server=$!; exec >/dev/null 2>&1; read -r _; kill \"$server\"; wait \"$server\"";

/// Arguments and environment of a server that is to listen on a port.
type Settings = (Vec<String>, Vec<(&'static str, String)>);

/// A running emulator.
pub struct Emulator {
    /// `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL`.
    pub endpoint: String,
    /// Holds the open input that keeps the server alive.
    _process: Child,
}

impl Emulator {
    /// Starts a program of `.venv`.
    pub fn start(program: &str, settings: impl Fn(u16) -> Settings) -> Self {
        // Another process may take the free port in between: then the next one.
        let mut output = String::new();
        for _ in 0..3 {
            match try_start(program, &settings) {
                Ok(server) => return server,
                Err(text) => output = text,
            }
        }
        panic!("{program} does not start:\n{output}")
    }
}

fn try_start(program: &str, settings: &impl Fn(u16) -> Settings) -> Result<Emulator, String> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin").join(program);
    assert!(program.is_file(), "run `scripts/install-test-tools`: {} is missing", program.display());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (arguments, environment) = settings(port);
    let mut process = Command::new("sh")
        .args(["-c", UNTIL_END_OF_INPUT])
        .arg(&program)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(environment)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = process.stdout.take().unwrap();
    if let Err(said) = wait_until_ready(output) {
        drop(process.stdin.take());
        process.wait().unwrap();
        return Err(said);
    }
    Ok(Emulator { endpoint: format!("http://127.0.0.1:{port}"), _process: process })
}

/// Reads what the server says until it listens; afterwards drains the pipe so that it never blocks.
fn wait_until_ready(output: ChildStdout) -> Result<(), String> {
    let mut lines = BufReader::new(output).lines();
    let mut seen = String::new();
    loop {
        let Some(Ok(line)) = lines.next() else { return Err(seen) };
        if line.contains("Running on http://127.0.0.1") {
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(());
        }
        seen.push_str(&line);
        seen.push('\n');
    }
}
