//! What a plan does with images, as people read it.

use serde_json::Value;

use crate::ui::table::table;

/// Those that are pushed; the others take nothing but their digest in the lock.
pub fn images(described: &[Value]) -> String {
    let text = |image: &Value, key: &str| image[key].as_str().unwrap_or("-").to_owned();
    let pushed = described.iter().filter(|image| image["push"] == true);
    let rows: Vec<Vec<String>> = pushed
        .map(|image| {
            let how = if image["how"] == "build" { "built" } else { "in the store" };
            vec![text(image, "unit"), how.to_owned(), text(image, "repository")]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\n{}", table(&["IMAGE", "FROM", "PUSHED WHERE IT IS NOT YET"], rows))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_pushed_is_shown() {
        let image = |unit: &str, how: &str, push: bool| json!({"unit": unit, "how": how, "push": push, "repository": "registry.example/a"});
        let described =
            [image("page", "reuse", true), image("web", "build", true), image("x", "lock", false)];
        insta::assert_snapshot!(images(&described), @r"
        IMAGE  FROM          PUSHED WHERE IT IS NOT YET
        page   in the store  registry.example/a
        web    built         registry.example/a
        ");
        assert_eq!(images(&described[2..]), "");
    }
}
