//! What two images differ in, and why that may be: for people who look for the step that writes something
//! else each time.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::image::canonical::archive::Unpacked;
use crate::image::canonical::cause::{self, Cause};
use crate::image::canonical::key::Key;
use crate::image::canonical::space::{Content, Reader, Space};
use crate::image::canonical::tree::{FileTree, Kind, Name, Node};
use crate::image::canonical::{CanonicalError, replay};
use crate::model::FilePath;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The layers that say so last, from 1; none for the configuration and for what one image does not have.
    pub layers: (Option<usize>, Option<usize>),
    /// The path in the image, or the key of the configuration.
    pub path: String,
    /// What about it: `content`, `mode`, `owner` ...
    pub field: &'static str,
    /// In the one image.
    pub one: String,
    /// In the other image.
    pub other: String,
    /// Where it comes from, as far as one can tell.
    #[serde(flatten)]
    pub cause: Option<Cause>,
}

/// Differences that are told; more are counted.
const TOLD: usize = 1000;
/// Letters of a line that are shown.
const LINE: usize = 160;
/// Bytes of a file that are looked at for a text.
const LOOKED_AT: u64 = 1 << 20;

/// The first differences between two images, and how many there are.
///
/// # Errors
/// One of them is damaged.
pub fn compare(
    space: &dyn Space,
    one: &Unpacked,
    other: &Unpacked,
) -> Result<(Vec<Difference>, usize), CanonicalError> {
    let reader = &mut Reader::new(space);
    let (mine, _) = replay(one, 0, reader)?;
    let (theirs, _) = replay(other, 0, reader)?;
    let mut found = Found { differences: Vec::new(), count: 0 };
    settings(&one.configuration, &other.configuration, &mut found);
    let (my_links, their_links) = (links(&mine), links(&theirs));
    let keys: BTreeSet<&Key> = mine.names.keys().chain(theirs.names.keys()).collect();
    for key in keys {
        let sides = Sides { key, one: (&mine, mine.names.get(key)), other: (&theirs, theirs.names.get(key)) };
        sides.compare(reader, &mut found)?;
        let (my_link, their_link) = (my_links.get(key), their_links.get(key));
        if my_link != their_link && sides.are_both() {
            found.add(sides.difference("hard link to", shown(my_link), shown(their_link)));
        }
    }
    Ok((found.differences, found.count))
}

fn shown(link: Option<&Key>) -> String {
    link.map_or("-".to_owned(), ToString::to_string)
}

struct Found {
    differences: Vec<Difference>,
    count: usize,
}

impl Found {
    fn add(&mut self, difference: Difference) {
        self.count += 1;
        if self.differences.len() < TOLD {
            self.differences.push(difference);
        }
    }
}

/// Every name that is a hard link to an earlier one.
fn links(tree: &FileTree) -> BTreeMap<Key, Key> {
    let (mut first, mut links) = (BTreeMap::new(), BTreeMap::new());
    for (key, name) in &tree.names {
        match first.get(&name.node) {
            Some(earlier) => drop(links.insert(key.clone(), Key::clone(earlier))),
            None => drop(first.insert(name.node, key.clone())),
        }
    }
    links
}

/// The settings, without what says when and where the image was made.
fn settings(one: &Value, other: &Value, found: &mut Found) {
    let mut add = |path: String, one: &Value, other: &Value| {
        if one != other {
            let (layers, field) = ((None, None), "configuration");
            let (one, other) = (one.to_string(), other.to_string());
            found.add(Difference { layers, path, field, one, other, cause: None });
        }
    };
    for key in ["architecture", "os", "variant", "created"] {
        add(key.to_owned(), &one[key], &other[key]);
    }
    let keys = |document: &Value| -> Vec<String> {
        document["config"].as_object().into_iter().flat_map(|map| map.keys().cloned()).collect()
    };
    for key in keys(one).into_iter().chain(keys(other)).collect::<BTreeSet<_>>() {
        add(format!("config.{key}"), &one["config"][&key], &other["config"][&key]);
    }
}

/// One path in both images.
struct Sides<'s> {
    key: &'s Key,
    one: (&'s FileTree, Option<&'s Name>),
    other: (&'s FileTree, Option<&'s Name>),
}

impl Sides<'_> {
    fn are_both(&self) -> bool {
        self.one.1.is_some() && self.other.1.is_some()
    }

    fn difference(&self, field: &'static str, one: String, other: String) -> Difference {
        let path = self.key.to_string();
        let layers = (self.one.1.map(|name| name.layer), self.other.1.map(|name| name.layer));
        let cause = cause::of_path(&path);
        Difference { layers, path, field, one, other, cause }
    }

    fn compare(&self, reader: &mut Reader<'_>, found: &mut Found) -> Result<(), CanonicalError> {
        let node = |(tree, name): (&'_ FileTree, Option<&Name>)| name.map(|name| tree.node(name).clone());
        let (one, other) = match (node(self.one), node(self.other)) {
            (Some(one), Some(other)) => (one, other),
            (one, other) => {
                let word =
                    |node: &Option<Node>| node.as_ref().map_or("-".to_owned(), |node| kind(node).to_owned());
                found.add(self.difference("is there", word(&one), word(&other)));
                return Ok(());
            }
        };
        let mut facts = |field, one: String, other: String| {
            if one != other {
                found.add(self.difference(field, one, other));
            }
        };
        facts("mode", format!("{:04o}", one.mode), format!("{:04o}", other.mode));
        facts("owner", format!("{}:{}", one.user, one.group), format!("{}:{}", other.user, other.group));
        facts("attributes", attributes(&one), attributes(&other));
        if let (Kind::File(mine), Kind::File(theirs)) = (&one.kind, &other.kind) {
            if !reader.same(mine, theirs)? {
                found.add(self.contents(reader, mine, theirs)?);
            }
        } else if one.kind != other.kind {
            facts("kind", described(&one), described(&other));
        }
        Ok(())
    }

    fn contents(
        &self,
        reader: &mut Reader<'_>,
        one: &Content,
        other: &Content,
    ) -> Result<Difference, CanonicalError> {
        let mut read = |content: &Content| {
            let mut bytes = vec![0; usize::try_from(content.size.min(LOOKED_AT)).unwrap_or(0)];
            reader.content_at(content, 0, &mut bytes).map_err(CanonicalError::Read)?;
            Ok(bytes)
        };
        let (mine, theirs) = (read(one)?, read(other)?);
        let sizes = (format!("{} bytes", one.size), format!("{} bytes", other.size));
        let (one, other) = match (text(&mine), text(&theirs)) {
            (Some(mine), Some(theirs)) => first_lines(mine, theirs).unwrap_or(sizes),
            _ => {
                let place = mine.iter().zip(&theirs).position(|(one, other)| one != other);
                match place {
                    Some(place) => (part(&mine, place, &sizes.0), part(&theirs, place, &sizes.1)),
                    None => sizes,
                }
            }
        };
        let cause = cause::of_contents(&self.key.to_string(), &mine, &theirs, (&one, &other));
        Ok(Difference { cause, ..self.difference("content", one, other) })
    }
}

/// The first bytes that differ, in hexadecimal digits.
fn part(bytes: &[u8], place: usize, size: &str) -> String {
    let shown: Vec<String> = bytes[place..].iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{size}, from byte {place} on {}", shown.join(" "))
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// The first line that is another.
fn first_lines(one: &str, other: &str) -> Option<(String, String)> {
    let (mut mine, mut theirs) = (one.lines(), other.lines());
    for number in 1.. {
        let (one, other) = (mine.next(), theirs.next());
        if one.is_none() && other.is_none() {
            break;
        }
        if one != other {
            // Of a long line, what is around the place where it begins to be another.
            let (mine, theirs) = (one.unwrap_or_default(), other.unwrap_or_default());
            let same = mine.chars().zip(theirs.chars()).take_while(|(mine, theirs)| mine == theirs).count();
            let from = if same > LINE { same - LINE / 2 } else { 0 };
            let shown = |line: Option<&str>| match line {
                Some(line) => {
                    let left_out = if from > 0 { "... " } else { "" };
                    let part: String = line.chars().skip(from).take(LINE).collect();
                    format!("line {number}: {left_out}{part}")
                }
                None => format!("line {number} is missing"),
            };
            return Some((shown(one), shown(other)));
        }
    }
    None
}

fn kind(node: &Node) -> &'static str {
    match node.kind {
        Kind::Directory => "directory",
        Kind::File(_) => "file",
        Kind::Link(_) => "symbolic link",
        Kind::Device { .. } => "device",
        Kind::Pipe => "pipe",
    }
}

fn described(node: &Node) -> String {
    match &node.kind {
        Kind::Link(target) => format!("symbolic link to {}", FilePath(target.clone())),
        Kind::Device { is_block, major, minor } => {
            format!("{} device {major}:{minor}", if *is_block { "block" } else { "character" })
        }
        _ => kind(node).to_owned(),
    }
}

fn attributes(node: &Node) -> String {
    let shown = node.attributes.iter().map(|(name, value)| {
        let value: String = value.iter().take(32).map(|byte| format!("{byte:02x}")).collect();
        format!("{}={value}", FilePath(name.clone()))
    });
    shown.collect::<Vec<_>>().join(" ")
}
