//! One ministack per run of the test binary, on a free port of the loopback.
//!
//! Tests do not disturb each other: ministack keeps accounts apart, takes the access key id for
//! the account, and every test asks for an account of its own.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Runs ministack until standard input closes. It closes however this process ends, so nothing is
/// left running, even after a kill.
const UNTIL_END_OF_INPUT: &str =
    "\"$0\" 2>&1 & server=$!; exec >/dev/null 2>&1; read -r _; kill \"$server\"; wait \"$server\"";

/// A running ministack.
pub struct Ministack {
    /// `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL`.
    pub endpoint: String,
    /// Holds the open input that keeps the server alive.
    _process: Child,
}

/// The ministack of this run, started by whoever asks first.
pub fn shared() -> &'static Ministack {
    static SHARED: OnceLock<Ministack> = OnceLock::new();
    SHARED.get_or_init(|| {
        // Another process may take the free port in between: then the next one.
        let mut output = String::new();
        for _ in 0..3 {
            match start() {
                Ok(server) => return server,
                Err(text) => output = text,
            }
        }
        panic!("ministack does not start:\n{output}")
    })
}

/// An account that no other test uses: also the access key id that leads there.
pub fn account() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(100_000_000_001);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}

fn start() -> Result<Ministack, String> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/ministack");
    assert!(
        program.is_file(),
        "ministack is not installed: run `scripts/install-test-tools` ({} is missing)",
        program.display()
    );
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut process = Command::new("sh")
        .args(["-c", UNTIL_END_OF_INPUT])
        .arg(&program)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("MINISTACK_REGION", super::target::REGION)
        .env("DOCKER_HOST", "unix:///nonexistent.sock")
        .env("IOT_MTLS_ENABLED", "0")
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
    Ok(Ministack { endpoint: format!("http://127.0.0.1:{port}"), _process: process })
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
