//! What is said about an image, as people read it.

use serde_json::Value;

use crate::ui::table::table;

/// The `image show` document; `all` lists every package.
pub fn about(document: &Value, all: bool) -> String {
    let statement = &document["provenance"]["predicate"];
    let definition = &statement["buildDefinition"];
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let versions = statement["runDetails"]["builder"]["version"].as_object();
    let by: Vec<String> = versions
        .into_iter()
        .flatten()
        .map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or_default()))
        .collect();
    let external = &definition["externalParameters"];
    let facts = vec![
        vec!["manifest".to_owned(), text(&document["manifest"])],
        vec!["input".to_owned(), text(&document["input"])],
        vec!["unit".to_owned(), text(&external["unit"])],
        vec!["template".to_owned(), text(&external["template"])],
        vec!["platform".to_owned(), text(&external["platform"])],
        vec!["made by".to_owned(), by.join(", ")],
    ];
    let dependencies = definition["resolvedDependencies"].as_array().into_iter().flatten();
    let from = dependencies.map(|dependency| {
        vec![text(&dependency["name"]), format!("sha256:{}", text(&dependency["digest"]["sha256"]))]
    });
    let mut shown = table(&["FACT", "VALUE"], facts);
    shown.push('\n');
    shown.push_str(&table(&["MADE FROM", "DIGEST"], from));
    shown.push_str(&packages(&document["packages"], all));
    shown
}

fn packages(list: &Value, all: bool) -> String {
    let packages: Vec<&Value> = list["packages"].as_array().into_iter().flatten().skip(1).collect();
    let name = |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    match (packages.len(), all) {
        (0, _) => "\nno packages: there is no list of dpkg or apk in it\n".to_owned(),
        (1, false) => "\n1 package (-v lists it)\n".to_owned(),
        (count, false) => format!("\n{count} packages (-v lists them)\n"),
        (_, true) => {
            let rows =
                packages.iter().map(|package| vec![name(package, "name"), name(package, "versionInfo")]);
            format!("\n{}", table(&["PACKAGE", "VERSION"], rows))
        }
    }
}
