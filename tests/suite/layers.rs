//! The house rules that no lint knows: which layer may import which, how long a file may be, and
//! that every module says what it is for.
//!
//! The rules are read from the table in the documentation of `src/lib.rs`, so that what people
//! read and what is enforced cannot part.
#![allow(clippy::disallowed_methods, reason = "reads the project's own sources, which no layer serves")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Lines a source file may have, its inline tests not counted.
const LINES_PER_FILE: usize = 400;

/// Module to the modules it may import.
type Rules = BTreeMap<String, BTreeSet<String>>;

#[test]
fn imports_point_the_way_the_table_says() {
    let rules = rules();
    let mut broken = Vec::new();
    for source in sources() {
        let Some(layer) = source.layer() else { continue };
        let allowed =
            rules.get(&layer).unwrap_or_else(|| panic!("`{layer}` is missing in the table of src/lib.rs"));
        for (line, import) in imports(&source.code) {
            if import != layer && rules.contains_key(&import) && !allowed.contains(&import) {
                broken.push(format!(
                    "{}:{line}: `{layer}` imports `{import}`, and may import only: {}",
                    source.path.display(),
                    list(allowed),
                ));
            }
        }
    }
    assert!(broken.is_empty(), "imports against the table in src/lib.rs:\n{}", broken.join("\n"));
}

#[test]
fn the_table_names_every_module_and_has_no_cycle() {
    let rules = rules();
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let declared = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    assert_eq!(declared.map(str::to_owned).collect::<BTreeSet<_>>(), rules.keys().cloned().collect());

    let mut settled = BTreeSet::new();
    while settled.len() < rules.len() {
        let ready: Vec<_> = rules
            .iter()
            .filter(|(layer, allowed)| {
                !settled.contains(*layer)
                    && allowed.iter().all(|import| import == *layer || settled.contains(import))
            })
            .map(|(layer, _)| layer.clone())
            .collect();
        assert!(
            !ready.is_empty(),
            "a cycle among {:?}",
            rules.keys().filter(|layer| !settled.contains(*layer))
        );
        settled.extend(ready);
    }
}

#[test]
fn no_source_file_is_too_long() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|source| source.code.lines().count() > LINES_PER_FILE)
        .map(|source| format!("{}: {} lines", source.path.display(), source.code.lines().count()))
        .collect();
    assert!(
        long.is_empty(),
        "longer than {LINES_PER_FILE} lines without tests, split it:\n{}",
        long.join("\n")
    );
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|source| source.path.ends_with("mod.rs") && !source.code.starts_with("//! "))
        .map(|source| source.path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "these do not open with `//!`:\n{}", silent.join("\n"));
}

#[test]
fn no_test_file_is_forgotten() {
    let folder = root().join("tests/suite");
    let main = fs::read_to_string(folder.join("main.rs")).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let is_module = path.join("mod.rs").exists() || path.extension().is_some_and(|kind| kind == "rs");
        if is_module && name != "main" {
            assert!(main.contains(&format!("mod {name};")), "tests/suite/main.rs has no `mod {name};`");
        }
    }
}

#[test]
fn the_reader_of_imports_finds_them_all() {
    let code = "use crate::model::Digest;\n// crate::cli in prose\nuse crate::{\n    plan::{Plan, local},\n    port,\n};\n\
                let a = crate::ui::show(\"https://x\", crate::aws::x); pub(crate) fn f() {}\n";
    let found: Vec<_> = imports(code).into_iter().map(|(line, import)| format!("{line} {import}")).collect();
    assert_eq!(found, ["1 model", "3 plan", "3 port", "7 ui", "7 aws"]);
}

struct Source {
    path: PathBuf,
    /// Without the inline tests at its end.
    code: String,
}

impl Source {
    /// The layer it belongs to; `None` for the roots `lib.rs` and `main.rs`.
    fn layer(&self) -> Option<String> {
        let inside = self.path.strip_prefix("src").unwrap();
        if inside.parent()?.as_os_str().is_empty() {
            return None;
        }
        Some(inside.components().next()?.as_os_str().to_str().unwrap().to_owned())
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn list(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        "nothing of ours".to_owned()
    } else {
        names.iter().cloned().collect::<Vec<_>>().join(", ")
    }
}

/// The table in the documentation of `src/lib.rs`.
fn rules() -> Rules {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let rows: Vec<(String, String)> = lib.lines().filter_map(row).collect();
    let all: BTreeSet<String> = rows.iter().map(|(layer, _)| layer.clone()).collect();
    assert!(all.len() > 5, "the table of layers in src/lib.rs was not found");
    rows.into_iter()
        .map(|(layer, imports)| {
            let allowed = match imports.as_str() {
                "everything" => all.clone(),
                "nothing of ours" => BTreeSet::new(),
                names => {
                    names.split(',').map(|name| name.split('(').next().unwrap().trim().to_owned()).collect()
                }
            };
            for import in &allowed {
                assert!(all.contains(import), "the row of `{layer}` names `{import}`, which has no row");
            }
            (layer, allowed)
        })
        .collect()
}

/// Module and allowed imports of one line of the table.
fn row(line: &str) -> Option<(String, String)> {
    let cells: Vec<_> = line.strip_prefix("//! |")?.trim_end_matches('|').split('|').map(str::trim).collect();
    let [layer, _, imports] = cells[..] else { return None };
    let layer = layer.trim_matches(['[', ']']).strip_prefix('`')?.strip_suffix('`')?;
    Some((layer.to_owned(), imports.to_owned()))
}

/// Every file below `src` that is not compiled for tests only.
fn sources() -> Vec<Source> {
    let (mut found, mut test_only, mut folders) = (Vec::new(), BTreeSet::new(), vec![root().join("src")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let (code, tests) = text.split_once("#[cfg(test)]\nmod ").unwrap_or((&text, ""));
                test_only.extend(test_modules(&path, tests));
                let path = path.strip_prefix(root()).unwrap().to_owned();
                found.push(Source { path, code: code.to_owned() });
            }
        }
    }
    found.retain(|source| !test_only.iter().any(|tests| source.path.starts_with(tests)));
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Where the modules live that `path` declares for tests only, as `NAME.rs` and as a folder.
fn test_modules(path: &Path, tests: &str) -> Vec<PathBuf> {
    let Some(name) = tests.split_once(';').map(|(name, _)| name) else { return Vec::new() };
    if !name.chars().all(|character| character.is_alphanumeric() || character == '_') {
        return Vec::new();
    }
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let base = if ["mod", "lib", "main"].contains(&stem) {
        path.parent().unwrap().to_owned()
    } else {
        path.with_extension("")
    };
    let base = base.strip_prefix(root()).unwrap();
    vec![base.join(format!("{name}.rs")), base.join(name)]
}

/// Every `crate::NAME` and `crate::{NAME, ...}` outside comments, with its line.
fn imports(code: &str) -> Vec<(usize, String)> {
    let text: String = code.lines().map(|line| format!("{}\n", without_comment(line))).collect();
    let mut found = Vec::new();
    for (offset, path) in text.match_indices("crate::") {
        let line = text[..offset].matches('\n').count() + 1;
        let rest = &text[offset + path.len()..];
        let names = rest.strip_prefix('{').map_or_else(|| vec![rest], group);
        found.extend(names.into_iter().map(|name| (line, identifier(name))));
    }
    found
}

fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") { "" } else { line.split(" // ").next().unwrap() }
}

/// The members of a `{...}` group whose opening brace is already taken, inner groups not opened.
fn group(rest: &str) -> Vec<&str> {
    let (mut members, mut depth, mut start) = (Vec::new(), 0, 0);
    for (offset, character) in rest.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.push(&rest[start..offset]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(&rest[start..offset]);
                start = offset + 1;
            }
            _ => {}
        }
    }
    members.retain(|member| !member.trim().is_empty());
    members
}

fn identifier(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect()
}
