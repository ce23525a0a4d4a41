//! The table of scenarios: what AWS documents as data, run step by step on each engine, and compared.
//!
//! `scenarios.yaml` holds it. A difference that is not in it, and one that is and does not occur,
//! fails. `scripts/conformance` prints what came out.

mod report;
mod run;
mod scenario;

use scenario::{Scenario, scenarios};

use super::world::World;

/// How one engine did: for each scenario what differs from the documentation, step by step.
async fn differences(scenario: &Scenario, world: &World) -> Vec<scenario::Difference> {
    let seen = run::run(scenario, world).await;
    scenario
        .steps
        .iter()
        .zip(&seen)
        .enumerate()
        .flat_map(|(index, (step, seen))| step.differences(index, seen))
        .collect()
}

/// What an engine does otherwise than the table says, over all scenarios.
async fn surprises(engine: &str, worlds: impl AsyncFn() -> World) -> Vec<String> {
    let mut surprises = Vec::new();
    for scenario in scenarios() {
        let found = differences(&scenario, &worlds().await).await;
        let known = scenario.known(engine);
        let new = found.iter().filter(|it| !known.contains(it)).map(|it| ("differs", it));
        let gone = known.iter().filter(|it| !found.contains(it)).map(|it| ("no longer differs", it));
        surprises.extend(new.chain(gone).map(|(how, it)| {
            format!("{}, step {}, {} {how}: {}", scenario.name, it.step, it.field, it.shows)
        }));
    }
    surprises
}

#[tokio::test]
async fn embedded() {
    let surprises = surprises("embedded", World::embedded).await;
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

#[cfg(feature = "aws")]
#[tokio::test]
async fn ministack() {
    let surprises = surprises("ministack", World::ministack).await;
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// Prints the table for `scripts/conformance`, and compares it with the page that shows it.
#[test]
#[allow(clippy::print_stdout, reason = "the script shows it")]
fn the_page_shows_the_table() {
    let table = report::table(&scenarios());
    println!("{table}");
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/conformance.md")).unwrap();
    assert!(
        page.contains(&table),
        "docs/conformance.md does not show the table that `scripts/conformance` prints"
    );
}
