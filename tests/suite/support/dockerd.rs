//! One Docker engine per run of the test binary, on a socket of its own in a temporary directory.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Runs the engine until standard input closes, which it does however this process ends, and removes what
/// it left. The path of the directory is short: that of a socket may have 108 bytes.
const UNTIL_END_OF_INPUT: &str = r#"
export PATH="$PATH:/usr/sbin:/sbin"
directory=$(mktemp -d /tmp/rekindle-XXXXXX)
chmod 755 "$directory"
dockerd --data-root "$directory/data" --exec-root "$directory/exec" --pidfile "$directory/pid" \
    --host "unix://$directory/socket" --group "$0" --iptables=false --ip6tables=false --bridge=none "$@" \
    >"$directory/log" 2>&1 </dev/null & server=$!
for _ in $(seq 600); do
    [ -S "$directory/socket" ] && kill -0 "$server" && break
    sleep 0.1
done
if kill -0 "$server" 2>/dev/null; then echo "$directory/socket"; else cat "$directory/log"; fi
read -r _
kill "$server"
wait "$server"
umount "$directory"/exec/netns/default 2>/dev/null
rm -rf "$directory"
"#;

/// A running engine.
pub struct Engine {
    /// For `DOCKER_HOST`.
    pub host: String,
    /// Holds the open input that keeps the engine alive.
    _process: Child,
}

/// The engine of this run, started by whoever asks first; `None` on a machine that has none, which is said.
/// Where `CI` is set nothing may be left out.
pub fn shared() -> Option<&'static Engine> {
    static SHARED: OnceLock<Option<Engine>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| {
        let has = |program: &str| Path::new("/usr/sbin").join(program).is_file();
        if !has("dockerd") || !Path::new("/bin/busybox").is_file() {
            let why = "dockerd or busybox is not installed: run `scripts/install-test-tools`";
            assert!(std::env::var_os("CI").is_none(), "{why}");
            // Not by a macro: the test runner keeps to itself what those print.
            let line = format!("left out, with every test that needs a Docker engine: {why}\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            return None;
        }
        Some(start())
    });
    shared.as_ref()
}

/// An engine of its own, for a test that ends it.
pub fn start() -> Engine {
    start_with(&[])
}

/// The same with further options.
pub fn start_with(options: &[String]) -> Engine {
    let id = |option: &str| {
        let output = Command::new("id").arg(option).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let mut command = if id("-u") == "0" { Command::new("sh") } else { Command::new("sudo") };
    if id("-u") != "0" {
        command.args(["-n", "sh"]);
    }
    let mut process = command
        .args(["-c", UNTIL_END_OF_INPUT, &id("-g")])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let socket = line.trim();
    assert!(socket.ends_with("/socket"), "dockerd does not start: {line}");
    Engine { host: format!("unix://{socket}"), _process: process }
}

impl Engine {
    /// Ends it, as an engine that dies.
    pub fn kill(&self) {
        let pid = self.host.trim_start_matches("unix://").replace("/socket", "/pid");
        let script = format!("kill -9 $(cat {pid})");
        let mut command =
            if Path::new(&pid).metadata().is_ok() { Command::new("sh") } else { Command::new("sudo") };
        command.args(["-c", &script]).status().unwrap();
    }

    /// What the engine answers to a question, as text.
    pub fn ask(&self, path: &str) -> String {
        let socket = self.host.trim_start_matches("unix://");
        let output = Command::new("curl")
            .args(["--silent", "--unix-socket", socket, &format!("http://engine{path}")])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}
