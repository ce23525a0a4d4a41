//! Tables and properties over both readers.

use proptest::prelude::{ProptestConfig, any, prop, proptest};
use serde_json::{Value, json};

use super::{Document, Insertion, Insertions, read, read_rendered};
use crate::model::Diagnostics;

fn yaml(text: &str) -> Result<Value, Diagnostics> {
    read("templates/a/1.0.0/template.yaml", text.as_bytes()).map(|document| Value::clone(&document.value))
}

/// Every diagnostic on lines of its own: place, excerpt, code, message, hint.
fn shown(diagnostics: Diagnostics) -> String {
    let mut lines = Vec::new();
    for diagnostic in diagnostics {
        if let Some(place) = diagnostic.place {
            let file = place.file.rsplit('/').next().unwrap_or_default().to_owned();
            lines.push(format!(
                "{file}:{}:{}+{}: {}",
                place.line,
                place.column,
                place.width,
                place.excerpt.trim_end()
            ));
        }
        lines.push(format!("{}: {}", diagnostic.code, diagnostic.message));
        lines.extend(diagnostic.hint.map(|hint| format!("  hint: {hint}")));
    }
    lines.join("\n")
}

#[test]
fn short_forms_become_long() {
    let table = [
        ("!Ref A", json!({"Ref": "A"})),
        ("!Condition A", json!({"Condition": "A"})),
        ("!GetAtt a.b.c", json!({"Fn::GetAtt": ["a", "b.c"]})),
        ("!GetAtt [a, !Ref B]", json!({"Fn::GetAtt": ["a", {"Ref": "B"}]})),
        ("!Sub '${A}-x'", json!({"Fn::Sub": "${A}-x"})),
        ("!Sub ['${A}', {A: !Ref B}]", json!({"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]})),
        ("!Join ['', [a, !Ref B]]", json!({"Fn::Join": ["", ["a", {"Ref": "B"}]]})),
        ("!If [C, 1, !Ref AWS::NoValue]", json!({"Fn::If": ["C", 1, {"Ref": "AWS::NoValue"}]})),
        ("!Select [0, !GetAZs '']", json!({"Fn::Select": [0, {"Fn::GetAZs": ""}]})),
        (
            "!FindInMap [M, !Ref 'AWS::Region', k]",
            json!({"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "k"]}),
        ),
        ("!Cidr [!Ref C, 6, 8]", json!({"Fn::Cidr": [{"Ref": "C"}, 6, 8]})),
        ("!Base64 |\n  #!/bin/sh\n  ls", json!({"Fn::Base64": "#!/bin/sh\nls\n"})),
        ("!Transform {Name: AWS::Include}", json!({"Fn::Transform": {"Name": "AWS::Include"}})),
        ("!Not [!Equals [a, b]]", json!({"Fn::Not": [{"Fn::Equals": ["a", "b"]}]})),
        ("!ImportValue x", json!({"Fn::ImportValue": "x"})),
        ("!ToJsonString {a: 1}", json!({"Fn::ToJsonString": {"a": 1}})),
        ("!GetAZs", json!({"Fn::GetAZs": null})),
        ("!!str 0123", json!("0123")),
    ];
    for (text, expected) in table {
        assert_eq!(yaml(&format!("V: {text}\n")).map_err(shown), Ok(json!({ "V": expected })), "{text}");
    }
}

#[test]
fn what_is_refused_says_where_and_what_to_do() {
    let table = [
        "A: !GetAtt: B.Arn\n",
        "A: !Reff B\n",
        "A: !ForEach B\n",
        "A: !GetAtt B\n",
        "A: 1\nB: 2\nA: 3\n",
        "A: &x 1\nB: *x\n",
        "<<: {a: 1}\n",
        "A: Yes\nB: 0123\nC: 16.10\n",
        "Yes: 1\n",
        "? [a]\n: b\n",
        "A: [1\n",
        "A:\n\tB: 1\n",
        "--- {a: 1}\n--- {b: 1}\n",
        "- a\n",
        "",
        "# nothing\n",
        "A: b: c\n",
    ];
    let all: Vec<_> = table
        .iter()
        .map(|text| format!("{text:?}\n{}", yaml(text).map(|value| value.to_string()).unwrap_or_else(shown)))
        .collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn bytes_that_an_editor_changes_silently_are_refused() {
    let table: [&[u8]; 3] = [b"A: 1\r\nB: 2\r\n", b"\xef\xbb\xbfA: 1\n", b"A: 1\nB: \xff\n"];
    let file = "templates/a/1.0.0/template.yaml";
    let all: Vec<_> = table.iter().map(|bytes| shown(read(file, bytes).unwrap_err())).collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn json_goes_to_a_json_reader() {
    let json = |text: &str| read("t.json", text.as_bytes()).map(|it| Value::clone(&it.value)).map_err(shown);
    assert_eq!(
        json("{\n\t\"A\": [1, true, null, \"\\u00e4\\ud83d\\ude00\", {}, []]\n}"),
        Ok(json!({"A": [1, true, null, "ä😀", {}, []]}))
    );
    let table = [
        "{\"A\": 1,\n \"A\": 2}",
        "{\"A\": 1,}",
        "{\"A\": 1.10}",
        "{\"A\": 123456789012345678901}",
        "{'A': 1}",
        "{\"A\": \"b\nc\"}",
        "[1]",
        "",
    ];
    let all: Vec<_> = table
        .iter()
        .map(|text| {
            format!("{text:?}\n{}", json(text).map(|value| value.to_string()).unwrap_or_else(|text| text))
        })
        .collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn places_are_found_by_pointer() {
    let text = "Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n    Properties:\n      Names: [a, !Sub 'x-${B}']\n";
    let document = read("t.yaml", text.as_bytes()).unwrap();
    let at = |pointer: &str| document.place(pointer).map(|place| (place.line, place.column, place.width));
    assert_eq!(at("/Resources/Bucket/Type"), Some((3, 11, 15)));
    assert_eq!(at("/Resources/Bucket/Properties/Names/0"), Some((5, 15, 1)));
    assert_eq!(at("/Resources/Bucket/Properties/Names/1/Fn::Sub"), Some((5, 18, 13)));
    assert_eq!(at("/Resources/Nothing"), None);
    let key = document.key_place("/Resources/Bucket").unwrap();
    assert_eq!((key.line, key.column, key.width, key.excerpt.as_str()), (2, 3, 6, "  Bucket:"));
}

#[test]
fn json_places_are_the_same() {
    let text = "{\n  \"Resources\": {\"B\": {\"Type\": \"T\", \"N\": 12}}\n}\n";
    let document = read("t.json", text.as_bytes()).unwrap();
    let place = document.place("/Resources/B/N").unwrap();
    assert_eq!((place.line, place.column, place.width), (2, 41, 2));
    let key = document.key_place("/Resources/B").unwrap();
    assert_eq!((key.line, key.column, key.width), (2, 17, 3));
}

fn rendered(is_json: bool, text: &str, values: &[&str]) -> Result<Document, Diagnostics> {
    let mut insertions = Insertions::default();
    let mut text = text.to_owned();
    for value in values {
        let token = insertions.add(Insertion::Text((*value).to_owned()));
        text = text.replacen('@', &token, 1);
    }
    read_rendered("t.yaml.tera", is_json, text, insertions, None)
}

#[test]
fn values_in_fn_sub_cannot_open_a_substitution() {
    let table = [
        ("!Sub 'a-@'", "${AWS::Region}", "a-${!AWS::Region}"),
        ("!Sub '$@'", "{AWS::Region}", "${!AWS::Region}"),
        ("!Sub '@{A}'", "$", "${!A}"),
        ("!Sub '${@}'", "AWS::Region", "${AWS::Region}"),
        ("!Sub '${!@}'", "a b", "${!a b}"),
    ];
    for (text, value, expected) in table {
        let document = rendered(false, &format!("A: {text}"), &[value]).map_err(shown).unwrap();
        assert_eq!(document.value, json!({"A": {"Fn::Sub": expected}}), "{text}");
    }
    let document = rendered(false, "A: {'Fn::Sub': ['@', {B: '@'}]}", &["${a}", "${b}"]).unwrap();
    assert_eq!(document.value, json!({"A": {"Fn::Sub": ["${!a}", {"B": "${b}"}]}}));
    assert!(rendered(false, "A: !Sub '${@}'", &["A}${B"]).is_err());
}

#[test]
fn a_json_value_is_spliced_where_a_scalar_stands_alone() {
    let value = json!({"a": ["x: y", 1]});
    let insertions = Insertions(vec![Insertion::Json(value.clone())]);
    let token = super::token(0);
    let text = format!("A: {token}\nB: \"{token}\"\nC: x{token}\n");
    let document = read_rendered("t.yaml", false, text, insertions.clone(), None).unwrap();
    let written = "{\"a\":[\"x: y\",1]}";
    assert_eq!(document.value, json!({"A": value, "B": written, "C": format!("x{written}")}));
    let document =
        read_rendered("t.json", true, format!("{{\"A\": [{token}], \"B\": 1}}"), insertions, None).unwrap();
    assert_eq!(document.value, json!({"A": [value], "B": 1}));
    let place = document.place("/B").unwrap();
    assert_eq!((place.column, place.excerpt.as_str()), (32, "{\"A\": [{\"a\":[\"x: y\",1]}], \"B\": 1}"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_give_a_document_or_diagnostics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read("t.yaml", &bytes);
        let _ = read("t.json", &bytes);
    }

    #[test]
    fn any_syntax_gives_a_document_or_diagnostics(text in "[-\\[\\]{}:,?!&*#|>@%'\"\\\\ \t\na-c0-9~<.]{0,60}") {
        for file in ["t.yaml", "t.json"] {
            match read(file, text.as_bytes()) {
                Ok(document) => assert!(document.value.is_object()),
                Err(diagnostics) => assert!(diagnostics.has_errors()),
            }
        }
    }

    #[test]
    fn what_is_written_as_json_is_read_back(key in ".*", value in ".*") {
        let written = json!({ key: [value] });
        if let Ok(document) = read("t.json", written.to_string().replace('\u{7f}', "").as_bytes()) {
            assert_eq!(document.value.to_string(), written.to_string().replace('\u{7f}', ""));
        }
    }

    #[test]
    fn a_value_stays_itself_wherever_it_stands(value in "(\\PC|[ -~\n\r\t]){0,40}") {
        proptest::prop_assume!(!super::contains_token_characters(&value));
        let v = value.as_str();
        let text = "A: @\nB: \"a@b\"\nC: '@'\nD: [@, {k: @}]\nE-@: x\nF: |\n  a\n  @\nG: >-\n  @ b\nH: a @ # @\n";
        let document = rendered(false, text, &[v; 10]).map_err(shown).unwrap();
        assert_eq!(document.value, json!({
            "A": v, "B": format!("a{v}b"), "C": v, "D": [v, {"k": v}], (format!("E-{v}")): "x",
            "F": format!("a\n{v}\n"), "G": format!("{v} b"), "H": format!("a {v}"),
        }));
        let text = "{\"A\": \"@\", \"b@\": [\"x@\", @]}";
        let document = rendered(true, text, &[v; 4]).map_err(shown).unwrap();
        assert_eq!(document.value, json!({"A": v, (format!("b{v}")): [format!("x{v}"), v]}));
    }
}

#[test]
fn texts_made_to_be_slow_are_refused() {
    let units = [
        "[",
        "{",
        "- ",
        "? ",
        "a: ",
        "[a,",
        "{a: ",
        "'",
        "\"",
        "|\n ",
        "# x\n",
        "&a ",
        "!x ",
        "%x\n",
        "a\n",
        " ",
        "\t",
        "---\n",
        "a: b\n",
        "- a\n",
        "\"\\\n",
        ",",
        "[]",
        "a: [\n",
        "!",
        "\u{10f010}",
    ];
    for unit in units {
        let text = unit.repeat(990_000 / unit.len());
        for file in ["t.yaml", "t.json"] {
            let problems = read(file, text.as_bytes()).unwrap_err();
            assert!((1..=50).contains(&problems.0.len()), "{unit:?} in {file}");
        }
    }
}
