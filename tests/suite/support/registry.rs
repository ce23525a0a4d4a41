//! A registry of images on a free port of the loopback, stopped when it is dropped; and a server before
//! it that misbehaves as it is told.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rekindle::model::{Digest, Platform};
use rekindle::port::{Registry as _, RegistryError};
use rekindle::registry::{Access, Patience, Registries};
use serde_json::{Value, json};

use super::http::{Listener, Message};

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
    /// It does not answer, and waits until the client goes away.
    Hang,
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
    listener: Listener,
    faults: Arc<Mutex<Faults>>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Misbehaving {
    /// Before the server at `behind`.
    pub fn before(behind: &str) -> Self {
        let (faults, seen) = (Arc::new(Mutex::new(Faults::new())), Arc::new(Mutex::new(Vec::new())));
        let listener = {
            let (faults, seen, behind) = (Arc::clone(&faults), Arc::clone(&seen), behind.to_owned());
            Listener::start(move |stream, _| serve(stream, &behind, &faults, &seen))
        };
        Self { listener, faults, seen }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.listener.host()
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

/// One request on one connection.
fn serve(
    stream: &TcpStream,
    behind: &str,
    faults: &Mutex<Faults>,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let Some(request) = Message::read(stream)? else { return Ok(()) };
    let range = request.header("range").unwrap_or_default();
    let told = format!("{} {range}", request.head[0].trim_end_matches(" HTTP/1.1"));
    seen.lock().unwrap().push(told.clone());
    let fault = take(faults, &told);
    match &fault {
        Some(Fault::Status(status)) => {
            return Message::answer(&format!("{status} Fault"), "text/plain", String::new()).write(stream);
        }
        Some(Fault::Hang) => {
            std::io::copy(&mut &*stream, &mut std::io::sink())?;
            return Ok(());
        }
        Some(Fault::Answer(text)) => {
            return Message::answer("200 OK", "application/json", text.clone()).write(stream);
        }
        _ => {}
    }
    let mut answer = request.forward(behind)?;
    answer.replace("Connection", "close");
    if answer.head[0].contains(" 20") {
        spoil(&mut answer, fault.as_ref());
    }
    answer.write(stream)?;
    if let Some(Fault::StallAfter(_)) = fault {
        std::io::copy(&mut &*stream, &mut std::io::sink())?;
    }
    Ok(())
}

/// Does to a good answer what the fault says.
fn spoil(answer: &mut Message, fault: Option<&Fault>) {
    match fault {
        Some(Fault::DropAfter(count) | Fault::StallAfter(count)) => answer.body.truncate(*count),
        Some(Fault::Change) => answer.body[0] ^= 1,
        Some(Fault::Shorten) => {
            answer.body.pop();
            answer.replace("Content-Length", &answer.body.len().to_string());
        }
        Some(Fault::Status(_) | Fault::Answer(_) | Fault::Hang) | None => {}
    }
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

impl Layer {
    /// An archive compressed by zstd, in two frames as some writers make them.
    pub fn zstd(archive: &[u8]) -> Self {
        let (one, other) = archive.split_at(archive.len() / 2);
        let bytes = [one, other].map(|part| zstd::encode_all(part, 3).unwrap()).concat();
        let media_type = "application/vnd.oci.image.layer.v1.tar+zstd";
        Self { media_type, bytes, diff_id: Digest::of(archive) }
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
        let accepted = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
        let head = [
            &format!("GET /v2/{repository}/manifests/{reference} HTTP/1.1"),
            &format!("Host: {}", self.address),
            &format!("Accept: {accepted}"),
        ];
        let request = Message { head: head.map(String::clone).to_vec(), body: Vec::new() };
        let answer = request.forward(&self.host()).unwrap();
        answer.head[0].contains(" 200 ").then(|| serde_json::from_slice(&answer.body).unwrap())
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
