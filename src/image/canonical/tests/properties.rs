//! Random file systems, as an engine would export their layers: the canonical layer means the same file
//! system to an independent reader, however the layers were cut, and making it again changes nothing.

use std::collections::BTreeMap;
use std::io::Read as _;

use proptest::prelude::*;
use serde_json::json;

use super::engine::{Archive, save};
use super::{canonical, made};

/// A file system that is changed by commands: path to the number of a file, and files.
#[derive(Clone, Debug, Default, PartialEq)]
struct Machine {
    names: BTreeMap<String, usize>,
    files: Vec<(Thing, u32)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Thing {
    Directory,
    File(Vec<u8>),
    Link(String),
}

#[derive(Clone, Debug)]
enum Command {
    Put(String, Thing, u32),
    Remove(String),
    HardLink(String, String),
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(above, _)| above)
}

impl Machine {
    fn is_directory(&self, path: &str) -> bool {
        self.names.get(path).is_some_and(|file| self.files[*file].0 == Thing::Directory)
    }

    fn remove(&mut self, path: &str) {
        let below = format!("{path}/");
        self.names.retain(|name, _| name != path && !name.starts_with(&below));
    }

    fn run(&mut self, command: &Command) {
        match command {
            Command::Put(path, thing, mode) => {
                if parent(path).is_some_and(|above| !self.is_directory(above)) {
                    return;
                }
                if !(self.is_directory(path) && *thing == Thing::Directory) {
                    self.remove(path);
                }
                self.files.push((thing.clone(), *mode));
                self.names.insert(path.clone(), self.files.len() - 1);
            }
            Command::Remove(path) => self.remove(path),
            Command::HardLink(path, target) => {
                let Some(file) = self.names.get(target).copied() else { return };
                let has_place = parent(path).is_none_or(|above| self.is_directory(above));
                if has_place && !self.names.contains_key(path) && !self.is_directory(target) {
                    self.names.insert(path.clone(), file);
                }
            }
        }
    }

    fn names_of(&self, file: usize) -> Vec<&String> {
        self.names.iter().filter(|(_, other)| **other == file).map(|(name, _)| name).collect()
    }

    fn seen(&self) -> BTreeMap<String, (Thing, u32)> {
        self.names.iter().map(|(name, file)| (name.clone(), self.files[*file].clone())).collect()
    }
}

/// The layer from one state to the next; `noise` also copies up what did not change, and marks new
/// directories as opaque.
fn layer(before: &Machine, after: &Machine, noise: bool) -> Vec<u8> {
    let mut wanted: Vec<&String> = Vec::new();
    for (name, file) in &after.names {
        let group = after.names_of(*file);
        let is_same =
            group.iter().all(|name| before.names.get(*name) == Some(file)) && before.names_of(*file) == group;
        if !is_same || (noise && name.len() % 2 == 1) {
            wanted.extend(group);
        }
    }
    let gone = before.names.keys().filter(|name| {
        !after.names.contains_key(*name) && parent(name).is_none_or(|above| after.is_directory(above))
    });
    let mut entries: BTreeMap<String, Option<usize>> = BTreeMap::new();
    for name in gone {
        let (above, last) = name.rsplit_once('/').unwrap_or(("", name));
        entries.insert(format!("{above}/.wh.{last}").trim_start_matches('/').to_owned(), None);
    }
    for name in wanted {
        entries.insert(name.clone(), Some(after.names[name]));
        if noise && after.is_directory(name) && !before.is_directory(name) {
            entries.insert(format!("{name}/.wh..wh..opq"), None);
        }
    }
    let above: Vec<String> = entries
        .keys()
        .filter_map(|name| parent(name))
        .flat_map(|name| {
            name.match_indices('/')
                .map(|(end, _)| name[..end].to_owned())
                .chain([name.to_owned()])
                .collect::<Vec<_>>()
        })
        .collect();
    for name in above {
        let file = after.names[&name];
        entries.insert(name, Some(file));
    }
    let mut archive = Archive::default();
    archive.time = if noise { 5 } else { 1_700_000_000 };
    let mut first: BTreeMap<usize, String> = BTreeMap::new();
    for (name, file) in entries {
        let Some(file) = file else {
            archive.file(&name, b"");
            continue;
        };
        match (first.get(&file), &after.files[file]) {
            (_, (Thing::Directory, mode)) => drop(archive.directory(&name, *mode)),
            (Some(first), _) => drop(archive.hard_link(&name, first)),
            (None, (Thing::File(bytes), mode)) => drop(archive.file_of(&name, bytes, *mode)),
            (None, (Thing::Link(target), _)) => drop(archive.symbolic_link(&name, target)),
        }
        first.entry(file).or_insert(name);
    }
    archive.finish()
}

/// Applies layers by the crate `tar` and the words of the image specification. The first `base` are an
/// engine's.
fn flattened(layers: &[Vec<u8>], base: usize) -> BTreeMap<String, (Thing, u32)> {
    let mut machine = Machine::default();
    for (number, layer) in layers.iter().enumerate() {
        let mut entries = Vec::new();
        for entry in tar::Archive::new(&layer[..]).entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
            let target =
                entry.link_name_bytes().map(|target| String::from_utf8(target.into_owned()).unwrap());
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            let (kind, mode) = (entry.header().entry_type(), entry.header().mode().unwrap());
            entries.push((name.trim_end_matches('/').to_owned(), kind, mode, target, bytes));
        }
        for (name, ..) in &entries {
            let (above, last) = name.rsplit_once('/').unwrap_or(("", name));
            if let Some(hidden) = last.strip_prefix(".wh.") {
                if hidden == ".wh..opq" {
                    assert!(number < base, "our own whiteouts are enough");
                    continue;
                }
                machine.remove(format!("{above}/{hidden}").trim_start_matches('/'));
            }
        }
        for (name, kind, mode, target, bytes) in entries {
            if name.rsplit('/').next().unwrap().starts_with(".wh.") {
                continue;
            }
            let thing = match kind {
                tar::EntryType::Directory => Thing::Directory,
                tar::EntryType::Symlink => Thing::Link(target.unwrap()),
                tar::EntryType::Link => {
                    machine.remove(&name);
                    machine.run(&Command::HardLink(name, target.unwrap()));
                    continue;
                }
                _ => Thing::File(bytes),
            };
            machine.run(&Command::Put(name, thing, mode));
        }
    }
    machine.seen()
}

fn path() -> impl Strategy<Value = String> {
    "[abc](/[abcd]){0,2}"
}

fn command() -> impl Strategy<Value = Command> {
    let thing = prop_oneof![
        Just(Thing::Directory),
        Just(Thing::Directory),
        prop::collection::vec(any::<u8>(), 0..3).prop_map(Thing::File),
        "[ab]".prop_map(Thing::Link),
    ];
    prop_oneof![
        6 => (path(), thing, prop_oneof![Just(0o755_u32), Just(0o4711)]).prop_map(|(path, thing, mode)| {
            let mode = if matches!(thing, Thing::Link(_)) { 0o777 } else { mode };
            Command::Put(path, thing, mode)
        }),
        2 => path().prop_map(Command::Remove),
        2 => (path(), path()).prop_map(|(path, target)| Command::HardLink(path, target)),
    ]
}

/// The states of a machine after each of some lists of commands.
fn states(steps: &[Vec<Command>]) -> Vec<Machine> {
    let mut machine = Machine::default();
    let after = |commands: &Vec<Command>| {
        commands.iter().for_each(|command| machine.run(command));
        machine.clone()
    };
    [Machine::default()].into_iter().chain(steps.iter().map(after).collect::<Vec<_>>()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_smallest_difference_means_the_same_file_system(
        steps in prop::collection::vec(prop::collection::vec(command(), 1..12), 1..5),
        base in 0..2_usize,
        noise: bool,
    ) {
        let states = states(&steps);
        let layers: Vec<Vec<u8>> = states.windows(2).map(|pair| layer(&pair[0], &pair[1], noise)).collect();
        let (image, blobs) = canonical(&layers, base, &[]).unwrap();
        let count = blobs.document(image.manifest.digest)["layers"].as_array().unwrap().len();
        prop_assert!(count <= base + 1);
        let made_here = (base..count).map(|number| blobs.layer(&image, number));
        let kept: Vec<Vec<u8>> = layers[..base].iter().cloned().chain(made_here).collect();
        prop_assert_eq!(flattened(&kept, base), states[states.len() - 1].seen());

        let config = &blobs.0[&blobs.document(image.manifest.digest)["config"]["digest"].as_str().unwrap().parse().unwrap()];
        let again = made(save(&kept, config), &kept[..base], &[]).unwrap().0;
        prop_assert_eq!(again.manifest, image.manifest, "twice changes nothing");
    }

    #[test]
    fn where_layers_are_cut_makes_no_difference(
        steps in prop::collection::vec(prop::collection::vec(command(), 1..12), 2..5),
    ) {
        let states = states(&steps);
        let (first, last) = (&states[0], &states[states.len() - 1]);
        let many: Vec<Vec<u8>> = states.windows(2).map(|pair| layer(&pair[0], &pair[1], true)).collect();
        let one = canonical(&[layer(first, last, false)], 0, &[]).unwrap().0;
        let many = canonical(&many, 0, &[]).unwrap().0;
        // Joined hard links are told from the same content by whoever looks at the layer only.
        let joined = last.names.values().any(|file| last.names_of(*file).len() > 1)
            || steps.iter().flatten().any(|command| matches!(command, Command::HardLink(..)));
        if !joined {
            prop_assert_eq!(one, many);
        }
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes: Vec<u8>, place in 0..4000_usize, byte: u8) {
        let _ = made(bytes, &[], &[]);
        let mut layer = super::base();
        let place = place % layer.len();
        layer[place] = byte;
        let _ = canonical(&[layer], 0, &[]);
        let mut export = super::exported(&[super::base()], &json!({}));
        let place = place % export.len();
        export[place] = byte;
        let _ = made(export, &[], &[]);
    }
}
