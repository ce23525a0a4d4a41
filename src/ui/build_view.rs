//! What a build made, and what the store of images holds.

use serde_json::Value;

use crate::ui::image_diff_view;
use crate::ui::table::table;

/// The `build` document as people read it; `all` shows every difference that a verification found.
pub fn build(document: &Value, all: bool) -> String {
    let rows = rows(document, &["unit", "how", "manifest"]);
    if rows.is_empty() {
        let name = document["environment"].as_str().unwrap_or_default();
        return format!("`{name}` has no images\n");
    }
    let mut text = table(&["IMAGE", "HOW", "MANIFEST"], rows);
    for image in document["images"].as_array().into_iter().flatten() {
        text.push_str(&verified(image, all));
    }
    text
}

fn verified(image: &Value, all: bool) -> String {
    let verified = &image["verified"];
    let Some(builds) = verified["builds"].as_array() else { return String::new() };
    let unit = image["unit"].as_str().unwrap_or_default();
    let builds: Vec<&str> = builds.iter().filter_map(Value::as_str).collect();
    let builds = builds.join(" and ");
    if verified["same"] == true {
        return format!("{unit}: verified, 2 builds by {builds} are the same\n");
    }
    format!("\n{unit}: 2 builds by {builds} differ\n\n{}", image_diff_view::differences(verified, all))
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
