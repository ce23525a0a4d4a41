//! The table as a page shows it.

use super::scenario::{Known, Scenario};

/// One row a scenario, then one paragraph a difference.
pub fn table(scenarios: &[Scenario]) -> String {
    let mut text =
        "| scenario | documented in | embedded engine | ministack 1.5.33 |\n|---|---|---|---|\n".to_owned();
    let mut notes = Vec::new();
    for scenario in scenarios {
        let mut cell = |engine: &str| {
            let known: Vec<&Known> = scenario.differences.iter().filter(|it| it.engine == engine).collect();
            if known.is_empty() {
                return "as documented".to_owned();
            }
            let numbers: Vec<String> = known
                .into_iter()
                .map(|known| {
                    notes.push(note(notes.len() + 1, scenario, known));
                    format!("({})", notes.len())
                })
                .collect();
            format!("differs {}", numbers.join(" "))
        };
        let (embedded, ministack) = (cell("embedded"), cell("ministack"));
        text.push_str(&format!("| {} | {} | {embedded} | {ministack} |\n", scenario.name, scenario.source));
    }
    text.push('\n');
    text.push_str(&notes.join("\n"));
    text
}

fn note(number: usize, scenario: &Scenario, known: &Known) -> String {
    let Known { engine, step, field, shows, why } = known;
    let action = &scenario.steps[step - 1].action;
    let name = &scenario.name;
    format!("{number}. *{name}*, {engine}, {field} after `{action}` (step {step}): `{shows}`. {why}")
}
