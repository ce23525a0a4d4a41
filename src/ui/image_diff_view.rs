//! What two images differ in, as people read it.

use serde_json::Value;

/// Differences that are shown; the document has more.
const SHOWN: usize = 20;

/// The `image diff` document, or the part of a `build --verify` document about one image.
pub fn differences(document: &Value, all: bool) -> String {
    let list = document["differences"].as_array().map(Vec::as_slice).unwrap_or_default();
    let count =
        document["count"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(list.len());
    if list.is_empty() {
        return match document["same"].as_bool() {
            Some(true) => "the images are the same\n".to_owned(),
            _ => "the images hold the same files and settings in other bytes: times, order, compression or layers\n"
                .to_owned(),
        };
    }
    let shown = if all { list.len() } else { list.len().min(SHOWN) };
    let mut text = String::new();
    for difference in &list[..shown] {
        text.push_str(&one(difference));
    }
    if shown < count {
        text.push_str(&format!("and {} more\n", count - shown));
    }
    text
}

fn one(difference: &Value) -> String {
    let part = |key: &str| difference[key].as_str().unwrap_or_default();
    let layer = |place: usize| difference["layers"][place].as_u64();
    let layers = match (layer(0), layer(1)) {
        (None, None) => String::new(),
        (Some(one), Some(other)) if one != other => format!(" (layers {one} and {other})"),
        (one, other) => one.or(other).map(|layer| format!(" (layer {layer})")).unwrap_or_default(),
    };
    let mut text = format!("{}: {}{layers}\n", part("path"), part("field"));
    for (sign, side) in [('-', "one"), ('+', "other")] {
        text.push_str(&format!("  {sign} {}\n", part(side)));
    }
    if !part("cause").is_empty() {
        text.push_str(&format!("  likely: {}\n  remedy: {}\n", part("cause"), part("remedy")));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_shown_with_cause_and_remedy() {
        let document = json!({"same": false, "count": 3, "differences": [
            {"layers": [2, 2], "path": "x", "field": "content", "one": "line 1: a", "other": "line 1: b",
             "cause": "the time of the build", "remedy": "take it out"},
            {"layers": [null, null], "path": "config.User", "field": "configuration", "one": "\"a\"", "other": "null"},
        ]});
        insta::assert_snapshot!(differences(&document, false));
        assert!(differences(&json!({"same": false, "differences": []}), false).contains("other bytes"));
    }
}
