//! The file system of an image on a real Debian, before and after it is made canonical, read by a program
//! that knows nothing of rekindle: what differs are dropped paths, and times.
#![allow(clippy::disallowed_methods, reason = "prepares archives, and unpacks what an engine saved")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use rekindle::disk::{self, StateDirectory, Store};
use rekindle::image::canonical::{self, Canonical, Wanted};
use rekindle::image::{BaseLayer, Blob, Layer};
use rekindle::model::{Digest, Platform};
use serde_json::Value;

use crate::support::debian;
use crate::support::dockerd::{self, Engine};

/// Packages, users, hard links and directories of the base that change, and all kinds of files.
const DOCKERFILE: &str = "\
FROM flat-base:1
COPY hello.deb /tmp/
RUN dpkg --install /tmp/hello.deb && rm /tmp/hello.deb && ldconfig
RUN echo web:x:70000:70000::/home/web:/bin/sh >> /etc/passwd && mkdir /home/web && echo note > /home/web/note && chown -R web:70000 /home/web
RUN rm -rf /usr/share/doc && mkdir /usr/share/doc && echo new > /usr/share/doc/new && rm -r /usr/share/man
RUN useradd --create-home --shell /bin/sh worker && cp /usr/bin/true /srv/bind && setcap cap_net_bind_service=+ep /srv/bind
RUN ln /usr/bin/perl /usr/local/bin/perl && chmod 4750 /usr/bin/su && chown 7:8 /etc/issue && touch /etc/motd
RUN mkfifo /srv/pipe && truncate --size=5M /srv/sparse && ln -s nowhere /srv/link && mv /etc/debian_version /srv/
RUN mkdir -p /srv/deep/\u{e4} && echo x > /srv/deep/\u{e4}/x && rm -rf /srv/deep/\u{e4} && echo file > /srv/deep/\u{e4}
";

/// What programs write otherwise each time.
const DROP: [&str; 2] = ["/var/log", "/var/cache/ldconfig/aux-cache"];

#[test]
fn only_dropped_paths_and_times_differ() {
    let (Some(_), Some(root)) = (dockerd::shared(), debian::root()) else { return };
    // One of its own: another test wants the shared one empty.
    let engine = dockerd::start();
    let directory = tempfile::tempdir().unwrap();
    let place = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
    send(&engine, "/images/create?fromSrc=-&repo=flat-base&tag=1", &root);
    send(&engine, "/build?t=flat:1&networkmode=none", &context(&place));
    let base = saved(&engine, "flat-base:1", &place);
    let built = saved(&engine, "flat:1", &place);
    assert_eq!(
        built.layers[..base.layers.len()].iter().map(|layer| digest(layer)).collect::<Vec<_>>(),
        base.diff_ids
    );

    let (canonical, own) = made_canonical(&place, &base);
    let before = flattened(&built.layers);
    let mut layers = base.layers.clone();
    layers.push(own);
    let after = flattened(&layers);
    let below = flattened(&base.layers);

    let before = joined(before, &below);
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differ: BTreeSet<&String> =
        paths.into_iter().filter(|path| before.get(*path) != after.get(*path)).collect();
    let dropped: Vec<&String> = canonical.dropped.iter().flat_map(|rule| &rule.paths).collect();
    let is_dropped = |path: &String| dropped.iter().any(|rule| Path::new(path).starts_with(rule));
    let other: Vec<_> = differ.iter().filter(|path| !is_dropped(path)).collect();
    assert!(other.is_empty(), "what differs is what was dropped: {other:?}");
    assert!(is_dropped(&"var/log/dpkg.log".to_owned()) && differ.contains(&"var/log/dpkg.log".to_owned()));
    for path in after.keys().chain(below.keys()).filter(|path| is_dropped(path)) {
        assert_eq!(after.get(path), below.get(path), "{path} is what the base has");
    }
    has_all_kinds(&after, &below);
}

/// Every kind of thing that the Dockerfile makes is in it: an empty comparison proves nothing.
fn has_all_kinds(after: &Files, below: &Files) {
    assert!(after.len() > 2_000, "{} names", after.len());
    assert_eq!(after["srv/sparse"]["size"], 5 << 20);
    assert_eq!(after["usr/local/bin/perl"]["links"], after["usr/bin/perl"]["links"]);
    assert!(after["usr/bin/perl"]["links"].as_array().unwrap().len() > 2, "{}", after["usr/bin/perl"]);
    assert!(!after["srv/bind"]["attributes"]["SCHILY.xattr.security.capability"].is_null());
    assert_eq!(after["usr/bin/su"]["mode"], "0o4750");
    assert_eq!(after["home/web/note"]["owner"], serde_json::json!([70_000, 70_000]));
    assert!(after.contains_key("home/worker/.profile") && after.contains_key("usr/bin/hello"));
    assert!(below.contains_key("usr/share/man") && !after.contains_key("usr/share/man"));
    assert!(below.keys().any(|path| path.starts_with("usr/share/doc/bash")));
    assert!(!after.keys().any(|path| path.starts_with("usr/share/doc/bash")));
}

/// What is at each path.
type Files = BTreeMap<String, Value>;

/// An engine parts the names of one file of the base when a step touches one of them; rekindle joins them
/// again as long as they are the same.
fn joined(mut files: Files, base: &Files) -> Files {
    let links = |files: &Files, path: &str| -> Vec<String> {
        let links = files.get(path).map(|file| file["links"].as_array().unwrap().clone()).unwrap_or_default();
        links.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let facts = |path: &str| {
        let mut facts = files.get(path)?.clone();
        for own in ["path", "links"] {
            facts[own] = Value::Null;
        }
        Some(facts)
    };
    let mut joined = BTreeMap::new();
    for path in files.keys() {
        let (mut group, mut waiting) = (BTreeSet::new(), vec![path.clone()]);
        while let Some(name) = waiting.pop() {
            let of_base = links(base, &name).into_iter().filter(|other| facts(other) == facts(path));
            let all: Vec<String> = links(&files, &name).into_iter().chain(of_base).collect();
            waiting.extend(all.into_iter().filter(|other| group.insert(other.clone())));
        }
        if group.len() > 1 {
            joined.insert(path.clone(), serde_json::json!(group));
        }
    }
    for (path, group) in joined {
        files.get_mut(&path).unwrap()["links"] = group;
    }
    files
}

/// The context of the build: the Dockerfile and a package.
fn context(place: &Utf8Path) -> PathBuf {
    let root = place.join("hello");
    fs::create_dir_all(root.join("DEBIAN")).unwrap();
    fs::create_dir_all(root.join("usr/bin")).unwrap();
    let control = "Package: hello\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: of a test\n";
    fs::write(root.join("DEBIAN/control"), control).unwrap();
    fs::write(root.join("usr/bin/hello"), "#!/bin/sh\necho hello\n").unwrap();
    let context = place.join("context");
    fs::create_dir_all(&context).unwrap();
    fs::write(context.join("Dockerfile"), DOCKERFILE).unwrap();
    run(Command::new("dpkg-deb")
        .args(["--root-owner-group", "--build"])
        .arg(&root)
        .arg(context.join("hello.deb")));
    let archive = place.join("context.tar");
    run(Command::new("tar").arg("-C").arg(&context).arg("-cf").arg(&archive).arg("."));
    archive.into_std_path_buf()
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Sends an archive to the engine, and looks for an error in the stream that it answers.
fn send(engine: &Engine, path: &str, archive: &Path) {
    let body = format!("@{}", archive.display());
    let kind = "Content-Type: application/x-tar";
    let mut command = curl(engine, path);
    let answer = run(command.args(["-X", "POST", "-T", body.trim_start_matches('@'), "-H", kind]));
    let answer = String::from_utf8_lossy(&answer);
    assert!(!answer.contains("\"error\"") && !answer.contains("\"message\""), "{path}: {answer}");
}

fn curl(engine: &Engine, path: &str) -> Command {
    let mut command = Command::new("curl");
    let socket = engine.host.trim_start_matches("unix://");
    command.args(["--silent", "--show-error", "--unix-socket", socket, &format!("http://engine{path}")]);
    command
}

/// An image as `docker save` has it, unpacked.
struct Saved {
    layers: Vec<PathBuf>,
    diff_ids: Vec<Digest>,
}

fn saved(engine: &Engine, name: &str, place: &Utf8Path) -> Saved {
    let archive = place.join(format!("{}.tar", name.replace(':', "-")));
    run(curl(engine, &format!("/images/{name}/get")).arg("-o").arg(&archive));
    let directory = archive.with_extension("");
    fs::create_dir_all(&directory).unwrap();
    run(Command::new("tar").arg("-C").arg(&directory).arg("-xf").arg(&archive));
    let read =
        |name: &str| serde_json::from_slice::<Value>(&fs::read(directory.join(name)).unwrap()).unwrap();
    let list = read("manifest.json");
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let configuration = read(list[0]["Config"].as_str().unwrap());
    let diff_ids = texts(&configuration["rootfs"]["diff_ids"]);
    Saved {
        layers: texts(&list[0]["Layers"]).iter().map(|name| directory.join(name).into()).collect(),
        diff_ids: diff_ids.iter().map(|digest| digest.parse().unwrap()).collect(),
    }
}

fn digest(file: &Path) -> Digest {
    Digest::of(fs::read(file).unwrap())
}

/// Makes the built image canonical on its base, and gives its own layer.
fn made_canonical(place: &Utf8Path, saved: &Saved) -> (Canonical, PathBuf) {
    let store = Store::open(&StateDirectory::at(place.join("state"))).unwrap();
    let mut space = store.workspace("flat");
    let files = disk::image_files(&mut space, &place.join("flat-1.tar")).unwrap();
    let image = canonical::unpack(&mut space, &files, None).unwrap();
    let layer = |(file, diff_id): (&PathBuf, &Digest)| {
        let blob = Blob { digest: *diff_id, size: fs::metadata(file).unwrap().len() };
        let media_type = "application/vnd.oci.image.layer.v1.tar".to_owned();
        BaseLayer { diff_id: *diff_id, layer: Layer { media_type, blob } }
    };
    let base: Vec<BaseLayer> = saved.layers.iter().zip(&saved.diff_ids).map(layer).collect();
    let drop = DROP.map(str::to_owned);
    let wanted = Wanted { platform: &Platform::default(), base: &base, inherited: 0, drop: &drop };
    let made = canonical::canonicalise(&image, &wanted, &space, &mut &store).unwrap();
    // The base's layers are the engine's here, so that the store has all of what it made.
    for (layer, file) in base.iter().zip(&saved.layers) {
        fs::copy(file, store.path().join("blobs/sha256").join(layer.diff_id.hex())).unwrap();
    }
    let mut space = store.workspace("again");
    let files = disk::image_files(&mut space, store.path()).unwrap();
    let image = canonical::unpack(&mut space, &files, Some(&made.manifest.digest.to_string())).unwrap();
    let again = canonical::canonicalise(&image, &wanted, &space, &mut &store).unwrap();
    assert_eq!(again.manifest, made.manifest, "what is canonical stays as it is");
    assert!(again.dropped.iter().all(|rule| rule.paths.is_empty()), "{:?}", again.dropped);
    let (_, blobs) = store.contents(made.manifest.digest).unwrap();
    let own = blobs[base.len()].digest;
    (made, store.path().join("blobs/sha256").join(own.hex()).into())
}

/// What is at each path, by Python's reader of archives.
fn flattened(layers: &[PathBuf]) -> Files {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/support/flatten.py");
    let text = String::from_utf8(run(Command::new("python3").arg(script).args(layers))).unwrap();
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    text.lines().map(read).map(|file| (file["path"].as_str().unwrap().to_owned(), file)).collect()
}
