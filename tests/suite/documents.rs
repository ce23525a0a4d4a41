//! The pages people read: links lead somewhere, and what is written there agrees with the code.

use std::fs;
use std::path::{Path, PathBuf};

use rekindle::model::Severity;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page of the project.
fn pages() -> Vec<PathBuf> {
    let files =
        [root().to_owned(), root().join("docs")].into_iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "md"))
        .collect()
}

/// What the links of a page lead to, those to other sites left out.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://")).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut dead = Vec::new();
    for page in pages() {
        for target in links(&fs::read_to_string(&page).unwrap()) {
            let file = target.split('#').next().unwrap();
            if !file.is_empty() && !page.parent().unwrap().join(file).exists() {
                dead.push(format!("{}: {target}", page.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(dead.is_empty(), "links to nowhere:\n{}", dead.join("\n"));
}

/// What a heading is called in a link: lower case, hyphens for spaces, no other punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

#[test]
fn every_link_to_a_section_leads_to_one() {
    let mut dead = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for target in links(&text) {
            let Some((file, section)) = target.split_once('#') else { continue };
            let goal = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let there = fs::read_to_string(goal).unwrap();
            let headings = there.lines().filter(|line| line.starts_with('#'));
            if !headings.map(|line| anchor(line.trim_start_matches('#').trim())).any(|name| name == section) {
                dead.push(format!("{}: {target}", page.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(dead.is_empty(), "links to sections that are not there:\n{}", dead.join("\n"));
}

#[test]
fn the_table_of_exit_codes_is_the_one_in_the_code() {
    let page = fs::read_to_string(root().join("docs/exit-codes.md")).unwrap();
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        Some((cells.first()?.parse::<u8>().ok()?, (*cells.get(1)?).to_owned()))
    });
    let table = rekindle::cli::exit_code::ExitCode::TABLE
        .iter()
        .map(|(code, meaning)| (*code, (*meaning).to_owned()));
    assert_eq!(rows.collect::<Vec<_>>(), table.collect::<Vec<_>>());
}

#[test]
fn the_table_of_rules_is_the_one_in_the_code() {
    let page = fs::read_to_string(root().join("docs/lint.md")).unwrap();
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.strip_suffix(" |")?.splitn(4, " | ").collect();
        let [code, severity, summary, help] = cells[..] else { return None };
        Some([code.trim_end_matches('`'), severity, summary, help].map(str::to_owned))
    });
    let table = rekindle::lint::RULES.iter().map(|rule| {
        let severity = match rule.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        [rule.code, severity, rule.summary, rule.help].map(str::to_owned)
    });
    assert_eq!(rows.collect::<Vec<_>>(), table.collect::<Vec<_>>());
}

#[test]
fn the_table_of_statuses_is_the_one_in_the_code() {
    let page = fs::read_to_string(root().join("docs/recovery.md")).unwrap();
    let section = page.split("## What happens to a stack of each status").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(1).map(|line| {
        line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect::<Vec<_>>()
    });
    let table = rekindle::plan::status_table()
        .into_iter()
        .map(|row| vec![row.status, row.deploy.to_owned(), row.teardown.to_owned(), row.rebuild.to_owned()]);
    assert_eq!(rows.collect::<Vec<_>>(), table.collect::<Vec<_>>());
}
