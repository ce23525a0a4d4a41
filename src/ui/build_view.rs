//! What a build made, and what the store of images holds.

use serde_json::Value;

use crate::ui::table::table;

/// The `build` document as people read it.
pub fn build(document: &Value) -> String {
    let rows = rows(document, &["unit", "how", "manifest"]);
    if rows.is_empty() {
        let name = document["environment"].as_str().unwrap_or_default();
        return format!("`{name}` has no images\n");
    }
    table(&["IMAGE", "HOW", "MANIFEST"], rows)
}

/// The `image ls` document as people read it.
pub fn list(document: &Value) -> String {
    let rows = rows(document, &["input", "manifest"]);
    if rows.is_empty() {
        return "the store has no images\n".to_owned();
    }
    table(&["INPUT", "MANIFEST"], rows)
}

fn rows(document: &Value, columns: &[&str]) -> Vec<Vec<String>> {
    let images = document["images"].as_array().into_iter().flatten();
    let cell = |image: &Value, column: &str| image[column].as_str().unwrap_or("-").to_owned();
    images.map(|image| columns.iter().map(|column| cell(image, column)).collect()).collect()
}
