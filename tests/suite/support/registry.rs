//! A registry of images on a free port of the loopback, stopped when it is dropped; and a server before
//! it that misbehaves as it is told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rekindle::model::{Digest, Platform};
use rekindle::port::{Registry as _, RegistryError};
use rekindle::registry::{Access, Patience, Registries};
use serde_json::{Value, json};

/// `somebody:secret` in the form of htpasswd.
const PASSWORDS: &str = "somebody:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";
/// `somebody:secret` as Docker's `config.json` and HTTP have it.
pub const ENCODED: &str = "c29tZWJvZHk6c2VjcmV0";

/// Debian's docker-registry.
pub struct Registry {
    process: Child,
    address: SocketAddr,
    directory: tempfile::TempDir,
}

impl Registry {
    /// One that takes everything from everybody.
    pub fn open() -> Self {
        Self::start(false)
    }

    /// One that wants a name and a password: [`ENCODED`].
    pub fn with_password() -> Self {
        Self::start(true)
    }

    fn start(wants_password: bool) -> Self {
        // Another process may take the free port in between: then the next one.
        (0..3).find_map(|_| Self::try_start(wants_password)).expect("docker-registry does not start")
    }

    fn try_start(wants_password: bool) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let root = directory.path().display();
        let mut configuration = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {root}/data}}, delete: {{enabled: true}}}}\n\
             http: {{addr: \"{address}\"}}\n"
        );
        if wants_password {
            std::fs::write(directory.path().join("htpasswd"), PASSWORDS).unwrap();
            configuration += &format!("auth: {{htpasswd: {{realm: tests, path: {root}/htpasswd}}}}\n");
        }
        let file = directory.path().join("config.yml");
        std::fs::write(&file, configuration).unwrap();
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("docker-registry is not installed: run `scripts/install-test-tools`");
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(address).is_err() {
            if process.try_wait().unwrap().is_some() || Instant::now() > deadline {
                let _ = process.kill();
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(Self { process, address, directory })
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a [`Misbehaving`] server does with a request, instead of handing it on.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It answers with this status and nothing more.
    Status(u16),
    /// It closes the connection after so many bytes of the answer's body.
    DropAfter(usize),
    /// It sends so many bytes of the answer's body, and then waits until the client goes away.
    StallAfter(usize),
    /// It changes a byte of the answer's body.
    Change,
    /// It answers with 200 and this text.
    Answer(String),
    /// It leaves away the end of the answer's body, and says that it is whole.
    Shorten,
}

/// Faults by a part of `METHOD PATH`, and how many requests are to have each.
type Faults = BTreeMap<String, (Fault, usize)>;

/// Hands requests on to a registry, except where it has a fault.
pub struct Misbehaving {
    address: SocketAddr,
    faults: Arc<Mutex<Faults>>,
    seen: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Misbehaving {
    /// Before the server at `behind`.
    pub fn before(behind: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let faults = Arc::new(Mutex::new(Faults::new()));
        let (seen, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let thread = {
            let (faults, seen, stop, behind) =
                (faults.clone(), seen.clone(), stop.clone(), behind.to_owned());
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    // A client that goes away is not this server's problem.
                    let _ = stream.and_then(|stream| serve(stream, &behind, &faults, &seen));
                }
            })
        };
        Self { address, faults, seen, stop, thread: Some(thread) }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The next `count` requests whose `METHOD PATH` has `part` in it have the fault.
    pub fn add(&self, part: &str, fault: Fault, count: usize) {
        self.faults.lock().unwrap().insert(part.to_owned(), (fault, count));
    }

    /// `METHOD PATH RANGE` of the requests so far that have `part` in it.
    pub fn seen(&self, part: &str) -> Vec<String> {
        self.seen.lock().unwrap().iter().filter(|request| request.contains(part)).cloned().collect()
    }
}

impl Drop for Misbehaving {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread, which waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// The head of a message, and how long its body is.
fn head(reader: &mut impl BufRead) -> std::io::Result<(Vec<String>, usize)> {
    let (mut lines, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            return Ok((lines, length));
        }
        if let Some(value) = value(&line, "content-length") {
            length = value.parse().unwrap_or(0);
        }
        lines.push(line.trim_end().to_owned());
    }
}

fn value<'l>(line: &'l str, wanted: &str) -> Option<&'l str> {
    let (name, value) = line.split_once(':')?;
    name.eq_ignore_ascii_case(wanted).then(|| value.trim())
}

/// One request on one connection.
fn serve(
    stream: TcpStream,
    behind: &str,
    faults: &Mutex<Faults>,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(&stream);
    let (mut lines, length) = head(&mut reader)?;
    let Some(first) = lines.first().cloned() else { return Ok(()) };
    let range = lines.iter().find_map(|line| value(line, "range")).unwrap_or_default();
    let request = format!("{} {range}", first.trim_end_matches(" HTTP/1.1"));
    seen.lock().unwrap().push(request.clone());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let fault = take(faults, &request);
    if let Some(Fault::Status(status)) = fault {
        return write!(&stream, "HTTP/1.1 {status} Fault\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    if let Some(Fault::Answer(text)) = fault {
        let length = text.len();
        return write!(
            &stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
        );
    }
    lines.retain(|line| value(line, "connection").is_none());
    lines.push("Connection: close".to_owned());
    let mut upstream = TcpStream::connect(behind)?;
    upstream.write_all(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes())?;
    upstream.write_all(&body)?;
    let mut reader = BufReader::new(upstream);
    let (mut lines, length) = head(&mut reader)?;
    let mut body = vec![0; if first.starts_with("HEAD") { 0 } else { length }];
    reader.read_exact(&mut body)?;
    if lines.first().is_some_and(|line| line.contains(" 20")) {
        match &fault {
            Some(Fault::DropAfter(count) | Fault::StallAfter(count)) => body.truncate(*count),
            Some(Fault::Change) => body[0] ^= 1,
            Some(Fault::Shorten) => {
                body.pop();
                let length = format!("Content-Length: {}", body.len());
                lines.retain(|line| value(line, "content-length").is_none());
                lines.push(length);
            }
            Some(Fault::Status(_) | Fault::Answer(_)) | None => {}
        }
    }
    (&stream).write_all(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes())?;
    (&stream).write_all(&body)?;
    if let Some(Fault::StallAfter(_)) = fault {
        std::io::copy(&mut &stream, &mut std::io::sink())?;
    }
    Ok(())
}

fn take(faults: &Mutex<Faults>, request: &str) -> Option<Fault> {
    let mut faults = faults.lock().unwrap();
    let (_, (fault, left)) =
        faults.iter_mut().find(|(part, (_, left))| request.contains(part.as_str()) && *left > 0)?;
    *left -= 1;
    Some(fault.clone())
}

/// One layer of an image that a test pushes.
pub struct Layer {
    /// What the manifest calls it.
    pub media_type: &'static str,
    /// As it is pushed.
    pub bytes: Vec<u8>,
    /// As it is uncompressed.
    pub diff_id: Digest,
}

impl Layer {
    /// An archive as it is.
    pub fn plain(archive: &[u8]) -> Self {
        Self {
            media_type: "application/vnd.oci.image.layer.v1.tar",
            bytes: archive.to_vec(),
            diff_id: Digest::of(archive),
        }
    }

    /// An archive compressed as `docker push` does.
    pub fn gzip(archive: &[u8]) -> Self {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(archive).unwrap();
        Self {
            media_type: "application/vnd.docker.image.rootfs.diff.tar.gzip",
            bytes: encoder.finish().unwrap(),
            diff_id: Digest::of(archive),
        }
    }
}

impl Registry {
    /// Pushes an image, and gives its manifest's digest. An old tag of the name is taken away before.
    pub fn put(&self, repository: &str, tag: &str, layers: &[Layer], config: &Value) -> Digest {
        let diff_ids: Vec<Digest> = layers.iter().map(|layer| layer.diff_id).collect();
        let configuration = json!({
            "os": "linux", "architecture": "amd64", "config": config, "created": "2020-01-01T00:00:00Z",
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        });
        let configuration = configuration.to_string().into_bytes();
        let described = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": Digest::of(bytes), "size": bytes.len()});
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": described("application/vnd.docker.container.image.v1+json", &configuration),
            "layers": layers.iter().map(|layer| described(layer.media_type, &layer.bytes)).collect::<Vec<_>>(),
        });
        let manifest = manifest.to_string().into_bytes();
        let name = format!("{}/{repository}", self.host());
        let link = format!("data/docker/registry/v2/repositories/{repository}/_manifests/tags/{tag}");
        // Ours never moves a tag.
        let _ = std::fs::remove_dir_all(self.directory.path().join(link));
        let blobs: Vec<Vec<u8>> =
            layers.iter().map(|layer| layer.bytes.clone()).chain([configuration]).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let registries = Registries::new(Access::default(), Patience::default()).unwrap();
            for bytes in blobs {
                let open = || Ok(Box::new(std::io::Cursor::new(bytes.clone())) as Box<dyn Read + Send>);
                registries.push(&name, Digest::of(&bytes), bytes.len() as u64, &open).await.unwrap();
            }
            registries.tag(&name, tag, &manifest).await.unwrap();
        });
        Digest::of(&manifest)
    }

    /// A manifest or an index as it is; `None` where there is none.
    pub fn manifest(&self, repository: &str, reference: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let accepted = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
        write!(
            stream,
            "GET /v2/{repository}/manifests/{reference} HTTP/1.1\r\nHost: {}\r\nAccept: {accepted}\r\nConnection: close\r\n\r\n",
            self.address
        )
        .unwrap();
        let mut reader = BufReader::new(stream);
        let (lines, length) = head(&mut reader).unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        lines[0].contains(" 200 ").then(|| serde_json::from_slice(&body).unwrap())
    }

    /// What a tag names.
    pub fn tagged(&self, repository: &str, tag: &str) -> Result<Digest, RegistryError> {
        let image = format!("{}/{repository}:{tag}", self.host());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let registries = Registries::new(Access::default(), Patience::default()).unwrap();
        let found = runtime.block_on(registries.resolve(&image, &Platform::default()));
        found.map(|found| found.digest)
    }
}
