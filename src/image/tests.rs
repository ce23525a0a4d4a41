//! Tables of what Dockerfiles mean, and what in them is refused.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};

use crate::image::tree::{Kind, shown};
use crate::image::{
    AssembleError, Blob, Blobs, Contents, ContextFile, IgnoreRules, Known, Progress, Recipe, Request,
    assemble, read,
};
use crate::model::{Context, ContextEntry, Diagnostic, Digest, FilePath, Platform, Said};

/// `a.txt`, `bin/run` (executable), `bin/tool`, `etc/link -> ../a.txt`.
fn context() -> Context {
    let file = |text: &str, executable| ContextEntry::File {
        digest: Digest::of(text),
        size: text.len() as u64,
        executable,
    };
    let link = ContextEntry::Link(FilePath::from("../a.txt"));
    let entries = [
        ("a.txt", file("a", false)),
        ("bin/run", file("run", true)),
        ("bin/tool", file("tool", false)),
        ("etc/link", link),
    ];
    Context(entries.map(|(path, entry)| (FilePath::from(path), entry)).into())
}

fn recipe(dockerfile: &str, arguments: &[(&str, &str)]) -> Result<Recipe, Box<Diagnostic>> {
    let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    recipe_of(dockerfile, &context(), &arguments.collect())
}

fn recipe_of(
    dockerfile: &str,
    context: &Context,
    arguments: &BTreeMap<String, String>,
) -> Result<Recipe, Box<Diagnostic>> {
    read(&Request {
        file: "Dockerfile",
        dockerfile: dockerfile.as_bytes(),
        beside: &BTreeMap::from([("page.html".to_owned(), b"page".to_vec())]),
        context,
        arguments,
        stage: None,
        platform: &Platform::default(),
        labels: &BTreeMap::new(),
        fetches: &[],
        drop: &[],
        said: &Said::default(),
        secrets: &[],
        bases: &BTreeMap::new(),
        known: &Known::default(),
    })
}

/// The tree as `MODE OWNER PATH`, one to a line.
fn tree(dockerfile: &str) -> String {
    let recipe = recipe(dockerfile, &[]).unwrap_or_else(|problem| panic!("{dockerfile}\n{problem:#?}"));
    let mut text = String::new();
    for (path, node) in recipe.tree.entries() {
        let end = match &node.kind {
            Kind::Directory => "/".to_owned(),
            Kind::Link(target) => format!(" -> {target}"),
            Kind::File(_) | Kind::Special => String::new(),
        };
        let owner = node.owner;
        writeln!(text, "{:o} {}:{} {}{end}", node.mode, owner.user, owner.group, shown(path)).unwrap();
    }
    text
}

/// What a document of the image says under `config`.
fn configuration(dockerfile: &str, arguments: &[(&str, &str)]) -> serde_json::Value {
    let recipe = recipe(dockerfile, arguments).unwrap_or_else(|problem| panic!("{dockerfile}\n{problem:#?}"));
    let document = recipe.configuration.document(&recipe.platform, &recipe.environment, &[]);
    serde_json::from_slice::<serde_json::Value>(&document).unwrap()["config"].take()
}

#[test]
fn files_come_to_lie_where_a_builder_puts_them() {
    let cases = [
        ("COPY a.txt /", "644 0:0 /a.txt\n"),
        ("COPY a.txt /b", "644 0:0 /b\n"),
        ("COPY a.txt /d/", "755 0:0 /d/\n644 0:0 /d/a.txt\n"),
        ("COPY bin /d", "755 0:0 /d/\n755 0:0 /d/run\n644 0:0 /d/tool\n"),
        ("COPY bin/* page.html /d/", "755 0:0 /d/\n644 0:0 /d/page.html\n755 0:0 /d/run\n644 0:0 /d/tool\n"),
        ("WORKDIR /w\nCOPY [\"a.txt\", \"x y\"]", "755 0:0 /w/\n644 0:0 /w/x y\n"),
        ("COPY --chown=7:8 --chmod=600 a.txt /d/", "755 7:8 /d/\n600 7:8 /d/a.txt\n"),
        ("COPY --chown=7 a.txt /b", "644 7:7 /b\n"),
        // A link that is named is followed; one inside a directory is kept.
        ("COPY etc/link /b", "644 0:0 /b\n"),
        ("COPY etc /d", "755 0:0 /d/\n777 0:0 /d/link -> ../a.txt\n"),
        ("COPY a.txt /b\nCOPY bin/run /b", "755 0:0 /b\n"),
        ("COPY <<EOF /b\nhello\nEOF", "644 0:0 /b\n"),
        ("ADD a.txt /b", "644 0:0 /b\n"),
        ("WORKDIR /w\nWORKDIR x/../y", "755 0:0 /w/\n755 0:0 /w/y/\n"),
        ("COPY bin /d\nCOPY a.txt /d", "755 0:0 /d/\n644 0:0 /d/a.txt\n755 0:0 /d/run\n644 0:0 /d/tool\n"),
    ];
    for (instructions, expected) in cases {
        assert_eq!(tree(&format!("FROM scratch\n{instructions}\n")), expected, "{instructions}");
    }
}

#[test]
fn stages_hand_on_what_is_asked_for() {
    let dockerfile = "\
# syntax=docker/dockerfile:1
ARG FROM=scratch
FROM ${FROM} AS files
COPY --chown=5:5 a.txt /files/
FROM scratch AS unused
RUN make
FROM files
COPY --from=files /files/a.txt /b
COPY --from=0 --chown=0 /files /c/
";
    assert_eq!(
        tree(dockerfile),
        "644 5:5 /b\n755 0:0 /c/\n644 0:0 /c/a.txt\n755 5:5 /files/\n644 5:5 /files/a.txt\n"
    );
}

#[test]
fn the_configuration_says_what_the_instructions_say() {
    let dockerfile = "\
# escape=`
ARG VERSION=1
FROM scratch
ARG VERSION
ARG NAME
ENV A=\"x y\" B=$VERSION `
    C=${A}-c
ENV A=z
LABEL version=$VERSION \"the name\"='$NAME'
LABEL name=$NAME
EXPOSE 80 53/udp 8000-8001
VOLUME /data
USER 10:20
WORKDIR /srv
STOPSIGNAL SIGQUIT
SHELL [\"/bin/ash\", \"-c\"]
ENTRYPOINT [\"/run\"]
CMD serve --port 80
HEALTHCHECK --interval=1m30s --retries=2 CMD [\"/run\", \"check\"]
";
    insta::assert_json_snapshot!(configuration(dockerfile, &[("NAME", "web")]));
}

#[test]
fn a_command_that_was_inherited_goes_with_a_new_entry_point() {
    let stages = "FROM scratch AS base\nCMD [\"a\"]\nFROM base\nENTRYPOINT [\"b\"]\n";
    assert!(configuration(stages, &[]).get("Cmd").is_none());
    let one = "FROM scratch\nCMD [\"a\"]\nENTRYPOINT [\"b\"]\n";
    assert_eq!(configuration(one, &[])["Cmd"][0], "a");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let wrong = [
        "RUN --mount=type=ssh make",
        "RUN --mount=type=secret,id=key make",
        "RUN --mount=type=secret make",
        "RUN --mount=type=bind,from=$X,target=/c make",
        "RUN --mount=type=bind,from=other,target=/c make",
        "COPY --from=7 a.txt /",
        "RUN --network=default make",
        "ARG BUILDPLATFORM\nRUN make",
        "ADD https://example.com/a /\nRUN make",
        "MAINTAINER me\nRUN make",
        "COPY a.text /",
        "COPY no* /",
        "COPY a.txt page.html /b",
        "COPY --from=other a.txt /",
        "COPY --chown=web a.txt /",
        "COPY --chmod=u+x a.txt /",
        "COPY --chmod=4755 a.txt /",
        "COPY --parents a.txt /",
        "COPY a.txt /b\nCOPY bin /b",
        "COPY <<EOF ..\nx\nEOF",
        "WORKDIR /etc\nCOPY <<EOF /etc\nx\nEOF",
        "COPY [\"[\", \"/\"]",
        "ARG S=a\nCOPY --from=$S a.txt /",
        "ADD https://example.com/a /",
        "ONBUILD COPY a.txt /",
        "COPPY a.txt /",
        "ENV A=\"x",
        "ARG BUILDPLATFORM",
        "EXPOSE web",
        "HEALTHCHECK --interval=soon CMD x",
        "COPY a.txt",
    ];
    let mut told = String::new();
    let files = wrong.map(|line| format!("FROM scratch\n{line}\n"));
    for dockerfile in files.iter().map(String::as_str).chain([
        "FROM debian:12\n",
        "COPY a b\n",
        "",
        "FROM --platform=linux/arm64 scratch\n",
    ]) {
        let problem = recipe(dockerfile, &[]).err().unwrap_or_else(|| panic!("{dockerfile} is right"));
        let place = problem
            .place
            .as_ref()
            .map(|place| format!("{}:{} `{}`", place.line, place.column, place.excerpt));
        writeln!(
            told,
            "{}: {} ({})\n    {}",
            problem.code,
            problem.message,
            place.unwrap_or_default(),
            problem.hint.unwrap_or_default()
        )
        .unwrap();
    }
    insta::assert_snapshot!(told);
    assert_eq!(recipe("FROM scratch\n", &[("NAME", "x")]).unwrap_err().code, "unknown-argument");
}

#[test]
fn names_that_an_engine_needs_are_refused() {
    for path in [".rekindle.Dockerfile/a.txt", ".rekindle.Dockerfile", ".rekindle.empty/a"] {
        let mut given = context();
        let file = ContextEntry::File { digest: Digest::of("a"), size: 1, executable: false };
        given.0.insert(FilePath::from(path), file);
        let problem = recipe_of("FROM scratch\nCOPY . /\nRUN x\n", &given, &BTreeMap::new()).unwrap_err();
        assert_eq!(problem.code, "reserved-name");
        assert!(problem.message.contains(path.split('/').next().unwrap()), "{}", problem.message);
    }
}

#[test]
fn ignore_rules_decide_as_docker_says() {
    let rules = b"# comment\n*.md\n!README.md\nnode_modules\n**/*.log\nsecret/\n!secret/open\n";
    let rules = IgnoreRules::read(".dockerignore", rules).unwrap();
    for (path, is_ignored) in [
        ("a.md", true),
        ("docs/a.md", false),
        ("README.md", false),
        ("node_modules/x/y", true),
        ("lib/node_modules/x", false),
        ("a.log", true),
        ("deep/er/a.log", true),
        ("secret/key", true),
        ("secret/open", false),
        ("secretary", false),
    ] {
        assert_eq!(rules.ignores(path.as_bytes()), is_ignored, "{path}");
    }
    assert!(!rules.ignores_all_below(b"node_modules"), "something may be taken back in below");
    let marked = IgnoreRules::read(".dockerignore", "\u{feff}*.pem\n".as_bytes()).unwrap();
    assert!(marked.ignores(b"key.pem"), "a byte order mark is no part of the first pattern");
    let problem = IgnoreRules::read(".dockerignore", b"**.pem\n").unwrap_err();
    assert_eq!(
        problem.message,
        "`**.pem` is no pattern: `**` stands for whole directories; write `**/*.pem`"
    );
}

/// Keeps blobs in memory.
#[derive(Default)]
struct Memory {
    blobs: Vec<Vec<u8>>,
}

/// Gives every file the same bytes.
struct Given(&'static str);

impl Contents for Given {
    fn stored(&self, _: Digest) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.0.as_bytes()))
    }

    fn open(&self, _: &FilePath) -> io::Result<Box<dyn ContextFile + '_>> {
        Ok(Box::new(GivenFile(self.0.as_bytes())))
    }
}

struct GivenFile<'g>(&'g [u8]);

impl Read for GivenFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl ContextFile for GivenFile<'_> {
    fn is_known_as(&self, _: Digest) -> io::Result<bool> {
        Ok(false)
    }
}

impl Progress for Given {
    fn copied(&self, _: u64) {}
}

impl Blobs for Memory {
    fn keep(
        &mut self,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), AssembleError>,
    ) -> Result<Blob, AssembleError> {
        let mut bytes = Vec::new();
        write(&mut bytes)?;
        let blob = Blob { digest: Digest::of(&bytes), size: bytes.len() as u64 };
        self.blobs.push(bytes);
        Ok(blob)
    }
}

fn assembled(dockerfile: &str, text: &'static str) -> Result<Memory, AssembleError> {
    let (mut memory, given) = (Memory::default(), Given(text));
    assemble(&recipe(dockerfile, &[]).unwrap(), &given, &given, &mut memory)?;
    Ok(memory)
}

#[test]
fn a_file_that_changed_since_it_was_counted_is_noticed() {
    assert_eq!(assembled("FROM scratch\nCOPY a.txt /\n", "a").unwrap().blobs.len(), 3);
    for text in ["b", "", "ab"] {
        let error = assembled("FROM scratch\nCOPY a.txt /\n", text).err().unwrap();
        assert!(matches!(error, AssembleError::Changed { .. }), "{text}: {error}");
    }
}

/// A file that is known as it was listed, as long as it is.
struct KnownFile {
    bytes: &'static [u8],
    changes: bool,
    asked: Cell<bool>,
}

impl Read for KnownFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buffer)
    }
}

impl ContextFile for KnownFile {
    fn is_known_as(&self, _: Digest) -> io::Result<bool> {
        Ok(!(self.changes && self.asked.replace(true)))
    }
}

struct KnownFiles(&'static str, bool);

impl Contents for KnownFiles {
    fn stored(&self, _: Digest) -> io::Result<Box<dyn Read + '_>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn open(&self, _: &FilePath) -> io::Result<Box<dyn ContextFile + '_>> {
        Ok(Box::new(KnownFile { bytes: self.0.as_bytes(), changes: self.1, asked: Cell::new(false) }))
    }
}

#[test]
fn a_known_file_that_changes_while_it_is_copied_is_noticed() {
    let recipe = recipe("FROM scratch\nCOPY a.txt /\n", &[]).unwrap();
    let made = |text, changes| {
        let contents = KnownFiles(text, changes);
        assemble(&recipe, &contents, &Given(text), &mut Memory::default())
    };
    assert!(made("a", false).is_ok());
    for (text, changes) in [("a", true), ("", false), ("ab", false)] {
        let error = made(text, changes).err().unwrap();
        assert!(matches!(error, AssembleError::Changed { .. }), "{text}: {error}");
    }
}

#[test]
fn an_image_without_files_has_no_layer() {
    let blobs = assembled("FROM scratch\nENV A=1\n", "").unwrap().blobs;
    assert_eq!(blobs.len(), 2);
    assert!(String::from_utf8_lossy(&blobs[1]).contains("\"layers\":[]"));
}

#[test]
fn add_takes_no_archive() {
    let dockerfile = "FROM scratch\nADD <<EOF /b\n\u{1f}\u{8b}\nEOF\nADD a.txt /\n";
    assert!(assembled(dockerfile, "a").is_ok(), "that is UTF-8 and no gzip");
    let request = "FROM scratch\nCOPY <<EOF /b\nBZh91\nEOF\n";
    assert!(assembled(request, "").is_ok());
    let error = assembled(&request.replace("COPY", "ADD"), "").err().unwrap();
    assert!(matches!(error, AssembleError::Archive { .. }), "{error}");
    // In a directory archives stay what they are.
    let mut given = context();
    let bytes = "BZh91";
    let archive = ContextEntry::File { digest: Digest::of(bytes), size: 5, executable: false };
    given.0 = [(FilePath::from("d/a.bz2"), archive)].into();
    let dockerfile = |line: &str| format!("FROM scratch\n{line}\n");
    let made = |line: &str| {
        let recipe = recipe_of(&dockerfile(line), &given, &BTreeMap::new()).unwrap();
        assemble(&recipe, &Given(bytes), &Given(bytes), &mut Memory::default())
    };
    assert!(made("ADD d /").is_ok());
    assert!(made("ADD d/a.bz2 /").is_err() && made("ADD d/* /").is_err());
}
