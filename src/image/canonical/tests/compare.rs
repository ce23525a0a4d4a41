//! Two images are compared.

use serde_json::{Value, json};

use super::engine::{Archive, exported};
use super::memory::Memory;
use crate::image::canonical::{Difference, Unpacked, compare, files, unpack};

fn image(space: &mut Memory, config: &Value, build: &dyn Fn(&mut Archive)) -> Unpacked {
    let mut layer = Archive::default();
    build(&mut layer);
    let file = space.add(exported(&[layer.finish()], config));
    let files = files(space, file).unwrap();
    unpack(space, &files, None).unwrap()
}

fn shown(difference: &Difference) -> String {
    let Difference { path, field, one, other, cause, .. } = difference;
    let cause = cause.as_ref().map(|cause| format!(" [{}]", cause.cause)).unwrap_or_default();
    format!("{path}: {field}: {one} | {other}{cause}\n")
}

#[test]
fn every_kind_of_difference_is_told() {
    let mut space = Memory::default();
    let one = image(&mut space, &json!({"User": "web", "Image": "1"}), &|layer| {
        layer
            .file("a", b"x")
            .file("binary", b"\0\x01\x02")
            .file("built", b"first\nMon Nov 30 10:00:00 2026\n");
        layer.file("gone", b"").file("kind", b"").symbolic_link("link", "a").file_of("mode", b"", 0o4755);
        layer.directory("etc", 0o755).file("etc/shadow", b"web:!:20787::").file("same", b"same");
        layer.file("big", &[b'a'; 300_000]).hard_link("z", "a");
        layer.owner = (7, 7);
        layer.file("owner", b"");
    });
    let other = image(&mut space, &json!({"User": "root", "Image": "2"}), &|layer| {
        layer.time = 5;
        layer
            .file("a", b"x")
            .file("binary", b"\0\x01\x03")
            .file("built", b"first\nMon Nov 30 10:00:02 2026\n");
        layer
            .directory("kind", 0o755)
            .symbolic_link("link", "b")
            .file_of("mode", b"", 0o755)
            .file("new", b"");
        layer.directory("etc", 0o755).file("etc/shadow", b"web:!:20788::").file("same", b"same");
        layer.file("big", &[&[b'a'; 299_999][..], b"b"].concat()).file("z", b"x").file("owner", b"");
    });
    let (differences, count) = compare(&space, &one, &other).unwrap();
    assert_eq!(count, differences.len());
    let text: String = differences.iter().map(shown).collect();
    insta::assert_snapshot!(text.replace(&"a".repeat(80), "aaa"));
    assert_eq!(compare(&space, &one, &one).unwrap(), (Vec::new(), 0));
}
