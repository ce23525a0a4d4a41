//! What a render made: the ids, and each artifact with its digest.

use serde_json::Value;

use crate::ui::table::table;
use crate::ui::{Label, Palette};

/// The `render` document (see `docs/formats.md`) as people read it.
pub fn render(document: &Value, palette: &Palette) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let rows: Vec<Vec<String>> = document["units"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|unit| {
            let name = match unit["target"].as_str() {
                Some("primary") | None => text(&unit["name"]),
                Some(target) => format!("{}@{target}", text(&unit["name"])),
            };
            vec![name, text(&unit["class"]), text(&unit["digest"]), text(&unit["artifact"])]
        })
        .collect();
    let mut shown = table(&["UNIT", "CLASS", "DIGEST", "ARTIFACT"], rows);
    for name in ["release", "deployment"] {
        let name_shown = palette.paint(Label::Heading, format!("{name:<10}"));
        shown.push_str(&format!("{name_shown} {}\n", text(&document[name])));
    }
    shown
}
