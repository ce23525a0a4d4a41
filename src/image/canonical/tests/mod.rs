//! What the canonical form keeps, what it does not, and what it refuses.

mod compare;
mod engine;
mod memory;
mod properties;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use serde_json::{Value, json};
use tar::EntryType;

use crate::image::assemble::Blob;
use crate::image::base::BaseLayer;
use crate::image::canonical::{Canonical, CanonicalError, Wanted, canonicalise, files, unpack};
use crate::image::configuration::{LAYER, Layer};
use crate::model::{Digest, Platform};
use engine::{Archive, exported};
use memory::{Memory, MemoryBlobs};

/// What comes out of the layers of an export, of which the first `base` are those of a base image.
fn canonical(
    layers: &[Vec<u8>],
    base: usize,
    drop: &[&str],
) -> Result<(Canonical, MemoryBlobs), CanonicalError> {
    made(exported(layers, &json!({"Cmd": ["/run"]})), &layers[..base], drop)
}

fn made(
    export: Vec<u8>,
    base: &[Vec<u8>],
    drop: &[&str],
) -> Result<(Canonical, MemoryBlobs), CanonicalError> {
    let mut space = Memory::default();
    let file = space.add(export);
    let files = files(&space, file)?;
    let image = unpack(&mut space, &files, None)?;
    let described = |bytes: &Vec<u8>| {
        let blob = Blob { digest: Digest::of(bytes), size: bytes.len() as u64 };
        BaseLayer { diff_id: blob.digest, layer: Layer { media_type: LAYER.to_owned(), blob } }
    };
    let base: Vec<BaseLayer> = base.iter().map(described).collect();
    let drop: Vec<String> = drop.iter().map(|rule| (*rule).to_owned()).collect();
    let platform = Platform::default();
    let wanted = Wanted { platform: &platform, base: &base, inherited: 0, drop: &drop };
    let mut blobs = MemoryBlobs::default();
    let canonical = canonicalise(&image, &wanted, &space, &mut blobs)?;
    Ok((canonical, blobs))
}

/// The entries of the last layer of what came out, as `KIND NAME [-> TARGET] MODE UID:GID [ATTRIBUTES]`.
fn listed(made: &(Canonical, MemoryBlobs), base: usize) -> Vec<String> {
    let manifest = made.1.document(made.0.manifest.digest);
    let layers = manifest["layers"].as_array().unwrap();
    if layers.len() == base {
        return Vec::new();
    }
    let digest = layers[base]["digest"].as_str().unwrap().parse().unwrap();
    let mut attributes = attributes(&made.1.0[&digest]).into_iter();
    let mut archive = tar::Archive::new(&made.1.0[&digest][..]);
    let mut lines = Vec::new();
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let target =
            entry.link_name_bytes().map(|target| format!(" -> {}", String::from_utf8_lossy(&target)));
        let header = entry.header();
        assert_eq!(header.mtime().unwrap(), 0);
        lines.push(format!(
            "{:?} {name}{} {:o} {}:{} {}",
            header.entry_type(),
            target.unwrap_or_default(),
            header.mode().unwrap(),
            header.uid().unwrap(),
            header.gid().unwrap(),
            attributes.next().unwrap(),
        ));
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// The names of the extended attributes of each entry. The crate `tar` takes their values for lines.
fn attributes(layer: &[u8]) -> Vec<String> {
    let (mut all, mut before) = (Vec::new(), String::new());
    for entry in tar::Archive::new(layer).entries().unwrap().raw(true) {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if entry.header().entry_type() == EntryType::XHeader {
            before = String::from_utf8_lossy(&bytes).into_owned();
        } else {
            let names = before.split("SCHILY.").skip(1).map(|text| text.split('=').next().unwrap());
            all.push(names.collect::<Vec<_>>().join(" "));
            before.clear();
        }
    }
    all
}

fn base() -> Vec<u8> {
    let mut base = Archive::default();
    base.directory("etc", 0o755).file("etc/passwd", b"root").file("etc/shadow", b"old");
    base.directory("usr", 0o755).directory("usr/bin", 0o755).file("usr/bin/a", b"program");
    base.hard_link("usr/bin/b", "usr/bin/a").directory("var", 0o1777).file("var/log", b"1");
    base.finish()
}

#[test]
fn what_was_touched_and_not_changed_is_no_difference() {
    let mut upper = Archive::default();
    upper.time = 1_700_000_000;
    upper.directory("etc", 0o755).file("etc/passwd", b"root");
    upper.directory("usr", 0o755).directory("usr/bin", 0o755).file("usr/bin/b", b"program");
    let made = canonical(&[base(), upper.finish()], 1, &[]).unwrap();
    assert_eq!(listed(&made, 1), [""; 0], "nor is a hard link that the engine broke");
    let manifest = made.1.document(made.0.manifest.digest);
    assert_eq!(manifest["layers"][0]["digest"], json!(Digest::of(base())), "the base is as it was");
}

#[test]
fn a_difference_has_the_directories_above_it_and_all_names_of_a_file() {
    let mut upper = Archive::default();
    upper.file("usr/bin/.wh.b", b"").file("etc/.wh.shadow", b"").file("etc/.wh.shadow.lock", b"");
    upper.directory("etc", 0o755).file("etc/passwd", b"root\nweb");
    let mut another = Archive::default();
    another.directory("usr", 0o755).directory("usr/bin", 0o755).file("usr/bin/a", b"program");
    another.hard_link("usr/bin/c", "usr/bin/a").directory("var", 0o755).file("var/.wh..wh..opq", b"");
    let made = canonical(&[base(), upper.finish(), another.finish()], 1, &[]).unwrap();
    insta::assert_snapshot!(listed(&made, 1).join("\n"), @r"
    Directory etc/ 755 0:0
    Regular etc/.wh.shadow 644 0:0
    Regular etc/passwd 644 0:0
    Directory usr/ 755 0:0
    Directory usr/bin/ 755 0:0
    Regular usr/bin/.wh.b 644 0:0
    Regular usr/bin/a 644 0:0
    Link usr/bin/c -> usr/bin/a 644 0:0
    Directory var/ 755 0:0
    Regular var/.wh.log 644 0:0
    ");
}

#[test]
fn a_file_in_place_of_a_directory_and_the_other_way_round() {
    let mut upper = Archive::default();
    upper.file("usr", b"").directory("var", 0o1777).directory("var/log", 0o755).file("var/log/a", b"");
    let made = canonical(&[base(), upper.finish()], 1, &[]).unwrap();
    insta::assert_snapshot!(listed(&made, 1).join("\n"), @r"
    Regular usr 644 0:0
    Directory var/ 1777 0:0
    Directory var/log/ 755 0:0
    Regular var/log/a 644 0:0
    ");
}

#[test]
fn what_is_rare_in_a_file_system_is_kept() {
    let long = format!("d/{}/", "long".repeat(30));
    let mut layer = Archive::default();
    layer.directory("d", 0o755);
    layer.attributes = vec![
        ("SCHILY.xattr.security.capability", b"\x01\0\0\x02\0\x0a=\n\0\0".to_vec()),
        ("SCHILY.xattr.security.selinux", b"unconfined".to_vec()),
        ("SCHILY.xattr.trusted.overlay.opaque", b"y".to_vec()),
    ];
    layer.file("d/ping", b"program");
    layer.attributes.clear();
    layer.hard_link("d/ping6", "d/ping");
    layer.owner = (3_000_000_000, 2_097_152);
    layer.file("d/owned", b"").file(&format!("{long}name"), b"x").symbolic_link("d/link", &long);
    layer.owner = (0, 0);
    layer.special("d/null", EntryType::Char, 1, 3).special("d/disk", EntryType::Block, 259, 1_048_575);
    layer.special("d/pipe", EntryType::Fifo, 0, 0).raw_name(b"d/\xff\xfe");
    let made = canonical(&[layer.finish()], 0, &[]).unwrap();
    let text = listed(&made, 0).join("\n").replace(&long, "LONG/");
    insta::assert_snapshot!(text);
    let again = made.1.layer(&made.0, 0);
    let value = b"\x01\0\0\x02\0\x0a=\n\0\0\n";
    assert_eq!(again.windows(value.len()).filter(|bytes| bytes == value).count(), 2, "the link has it too");
    let mut archive = tar::Archive::new(&again[..]);
    let devices: Vec<_> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.header().entry_type().is_block_special())
        .map(|entry| (entry.header().device_major().unwrap(), entry.header().device_minor().unwrap()))
        .collect();
    assert_eq!(devices, [(Some(259), Some(1_048_575))]);
}

#[test]
fn what_engines_make_to_mount_on_goes_unless_the_base_has_it() {
    let mut layer = Archive::default();
    layer.directory("dev", 0o755).directory("proc", 0o755).directory("sys", 0o755).directory("etc", 0o755);
    layer.file("etc/hosts", b"").file("etc/hostname", b"").file("etc/resolv.conf", b"").file("run", b"x");
    assert_eq!(listed(&canonical(&[layer.finish()], 0, &[]).unwrap(), 0), ["Regular run 644 0:0"]);

    let mut own = Archive::default();
    own.directory("etc", 0o755)
        .file("etc/hosts", b"127.0.0.1 here")
        .directory("proc", 0o755)
        .file("proc/x", b"");
    let made = canonical(&[own.finish()], 0, &[]).unwrap();
    assert_eq!(listed(&made, 0).len(), 4, "what is not empty is somebody's");

    let mut upper = Archive::default();
    upper.directory("etc", 0o755).file("etc/hosts", b"");
    let base = base();
    assert_eq!(listed(&canonical(&[base, upper.finish()], 1, &[]).unwrap(), 1), [""; 0]);
}

#[test]
fn drop_rules_show_the_copy_of_the_base_and_say_so() {
    let mut upper = Archive::default();
    upper.directory("etc", 0o755).file("etc/shadow", b"new").file("etc/.wh.passwd", b"");
    upper
        .directory("var", 0o1777)
        .file("var/log", b"2")
        .directory("var/cache", 0o755)
        .file("var/cache/x", b"");
    let rules = ["/etc/shadow", "var/ca*", "etc/pass??", "srv"];
    let made = canonical(&[base(), upper.finish()], 1, &rules).unwrap();
    assert_eq!(listed(&made, 1), ["Directory var/ 1777 0:0", "Regular var/log 644 0:0"]);
    let dropped: Vec<_> =
        made.0.dropped.iter().map(|rule| format!("{}: {}", rule.rule, rule.paths.join(" "))).collect();
    assert_eq!(dropped, ["/etc/shadow: etc/shadow", "var/ca*: var/cache", "etc/pass??: etc/passwd", "srv: "]);
}

#[test]
fn compressed_layers_and_an_oci_layout_are_the_same_image() {
    let plain = canonical(&[base()], 0, &[]).unwrap().0;
    let mut compressed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    compressed.write_all(&base()).unwrap();
    let layer = compressed.finish().unwrap();
    let config = engine::configuration(&[base()], &json!({"Cmd": ["/run"]}));
    let blob = |bytes: &[u8]| format!("blobs/sha256/{}", Digest::of(bytes).hex());
    let described = |bytes: &[u8]| json!({"digest": Digest::of(bytes), "size": bytes.len()});
    let manifest = json!({"config": described(&config), "layers": [described(&layer)]}).to_string();
    let index = json!({"manifests": [described(manifest.as_bytes())]}).to_string();
    let mut archive = Archive::default();
    archive.file("index.json", index.as_bytes()).file(&blob(&config), &config);
    archive.file(&blob(&layer), &layer).file(&blob(manifest.as_bytes()), manifest.as_bytes());
    assert_eq!(made(archive.finish(), &[], &[]).unwrap().0, plain);
}

#[test]
fn settings_are_those_that_are_allowed() {
    let config: Value = json!({
        "Hostname": "1234", "Image": "sha256:12", "Env": ["A=b=c"], "Cmd": ["/run"], "Entrypoint": null,
        "User": "web", "WorkingDir": "/", "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/data": {}},
        "Labels": {"a": "b"}, "StopSignal": "SIGINT", "Healthcheck": {"Test": ["NONE"]}, "OnBuild": null,
    });
    let made = made(exported(&[base()], &config), &[], &[]).unwrap();
    let document = made.1.configuration(&made.0);
    insta::assert_json_snapshot!(document["config"], @r#"
    {
      "Cmd": [
        "/run"
      ],
      "Env": [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "A=b=c"
      ],
      "ExposedPorts": {
        "80/tcp": {}
      },
      "Healthcheck": {
        "Test": [
          "NONE"
        ]
      },
      "Labels": {
        "a": "b"
      },
      "StopSignal": "SIGINT",
      "User": "web",
      "Volumes": {
        "/data": {}
      }
    }
    "#);
    assert_eq!((&document["created"], &document["history"]), (&json!("1970-01-01T00:00:00Z"), &Value::Null));
}

/// A file of nine gigabytes, of which the last bytes are stored.
#[test]
fn a_sparse_file_is_read_where_it_has_bytes() {
    const SIZE: u64 = 9 << 30;
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(EntryType::GNUSparse);
    header.set_size(5);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.name[..6].copy_from_slice(b"sparse");
    gnu.set_real_size(SIZE);
    gnu.sparse[0].set_offset(SIZE - 5);
    gnu.sparse[0].set_length(5);
    header.set_cksum();
    let mut archive = [&header.as_bytes()[..], b"abcde"].concat();
    archive.resize(4 * 512, 0);
    let mut space = Memory::default();
    let whole = space.stretch(archive);
    let mut reader = super::Reader::new(&space);
    let entry = super::entries::Entries::new(&mut reader, whole, "it").next().unwrap().unwrap();
    assert_eq!((entry.content.size, entry.name), (SIZE, b"sparse".to_vec()));
    assert_eq!(reader.part(&entry.content, SIZE - 8, 8).unwrap(), b"\0\0\0abcde");
    let other = super::space::Content { size: SIZE, pieces: Vec::new() };
    assert_eq!(reader.part(&other, SIZE - 8, 8).unwrap(), [0; 8]);
}

#[test]
fn what_is_damaged_or_leads_out_is_refused() {
    let mut messages = BTreeMap::new();
    let mut refused = |what: &str, made: Result<(Canonical, MemoryBlobs), CanonicalError>| {
        messages.insert(what.to_owned(), made.err().map_or("taken".to_owned(), |error| error.to_string()));
    };
    let layer = |build: &dyn Fn(&mut Archive) -> &mut Archive| {
        let mut archive = Archive::default();
        build(&mut archive);
        canonical(&[archive.finish()], 0, &[])
    };
    refused("climbs", layer(&|archive| archive.raw_name(b"a/../../x")));
    refused("absolute", layer(&|archive| archive.raw_name(b"/etc/x")));
    refused("below a link", layer(&|archive| archive.symbolic_link("a", "a").raw_name(b"a/b")));
    refused("below a file", layer(&|archive| archive.file("a", b"").raw_name(b"a/b")));
    refused("link to nothing", layer(&|archive| archive.hard_link("a", "b")));
    refused("link to itself", layer(&|archive| archive.file("a", b"").hard_link("a", "a")));
    refused("link to a directory", layer(&|archive| archive.directory("a", 0o755).hard_link("b", "a")));
    refused("whiteout of above", layer(&|archive| archive.raw_name(b"a/.wh...")));
    refused("deep", layer(&|archive| archive.file(&"a/".repeat(3000), b"")));
    refused("other kind", layer(&|archive| archive.special("a", EntryType::new(b'V'), 0, 0)));

    let export = exported(&[base()], &json!({}));
    refused("cut", made(export[..export.len() / 2].to_vec(), &[], &[]));
    let place = export.windows(7).position(|window| window == b"program").unwrap();
    let mut tampered = export.clone();
    tampered[place] = b'P';
    refused("tampered", made(tampered, &[], &[]));
    refused("no archive", made(b"<html>".repeat(200), &[], &[]));
    refused("empty", made(Vec::new(), &[], &[]));
    refused("other base", made(export, &[b"another".to_vec()], &[]));
    let config = engine::configuration(&[base()], &json!({}));
    let config = String::from_utf8(config).unwrap().replace("amd64", "arm64").into_bytes();
    refused("other platform", made(engine::save(&[base()], &config), &[], &[]));
    let mut cut = base();
    cut.truncate(700);
    refused("layer cut", canonical(&[cut], 0, &[]));
    insta::assert_debug_snapshot!(messages);
}
