//! Where what is found in a render stands in the sources.

use proptest::prelude::{ProptestConfig, proptest};
use serde_json::{Value, json};

use super::{Context, Limits, Renderer, Sources, Visible};
use crate::lint::{Purpose, lint};
use crate::render::library::Library;
use crate::render::session::Mode;

fn sources(template: &str) -> Sources {
    let part = "P:\n{% if inputs.yes %}\n  Q: 1\n{% endif %}\n";
    let files = [("a/1.0.0/template.yaml.tera", template), ("a/1.0.0/part.tera", part)];
    Sources(files.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).collect())
}

fn context() -> Context {
    let visible = |value: &Value| Visible::new(value).unwrap();
    let inputs = visible(&json!({"list": ["x", "y"], "yes": true, "no": false, "text": "t"}));
    Context { inputs, env: visible(&json!({})), lock: visible(&json!({})) }
}

fn place(template: &str, pointer: &str) -> (String, usize, usize) {
    let rendered = Renderer::new(sources(template), Limits::default()).stack("a/1.0.0", &context()).unwrap();
    let place = rendered.template.key_place(pointer).unwrap();
    (place.file.trim_start_matches("templates/a/1.0.0/").to_owned(), place.line, place.column)
}

#[test]
fn a_place_is_in_the_source_whatever_moved_the_lines() {
    let own = "template.yaml.tera";
    let table = [
        ("{% for i in inputs.list %}\nK{{ i }}: 1\n{% endfor %}\nA:\n  B: 2\n", "/A/B", own, 5, 3),
        ("{% for i in inputs.list %}\nK{{ i }}: 1\n{{ i }}: 2\n{% endfor %}\n", "/y", own, 3, 1),
        ("{% if inputs.no %}\nA: 1\n{% else %}\nB: 2\n{% endif %}\nC: 3\n", "/B", own, 4, 1),
        ("{% if inputs.no %}\nA: 1\n{% else %}\nB: 2\n{% endif %}\nC: 3\n", "/C", own, 6, 1),
        ("A: 1\n{% include \"part.tera\" %}\nB: 2\n", "/P/Q", "part.tera", 3, 3),
        ("A: 1\n{% include \"part.tera\" %}\nB: 2\n", "/B", own, 3, 1),
        ("{% if inputs.yes %}{% endif %}\n{% raw %}\nA: '{{ no }}'\n{% endraw %}\nB: 1\n", "/A", own, 3, 1),
        ("{# a\nb #}\nA: 1\n{%- if inputs.yes %}\nB: 2\n{%- endif %}\nC: 3\n", "/B", own, 5, 1),
        ("{# a\nb #}\nA: 1\n{%- if inputs.yes %}\nB: 2\n{%- endif %}\nC: 3\n", "/C", own, 7, 1),
        (
            "{% if inputs.yes\n  and not inputs.no -%}\n\nA: {{\n  inputs.text\n}}\nB: 1\n{% endif %}\n",
            "/B",
            own,
            7,
            1,
        ),
        ("{% set s %}\na\nb\n{% endset %}\nA: {{ s }}\nB: 1\n", "/B", own, 6, 1),
        ("A: {% if inputs.yes -%}\n  {B: 1,\n{%- endif %}\n   C: 2}\n", "/A/B", own, 2, 3),
    ];
    for (template, pointer, file, line, column) in table {
        let found = place(template, pointer);
        assert_eq!(found, (file.to_owned(), line, column), "{template}");
    }
}

#[test]
fn where_marks_would_change_the_render_the_file_is_named() {
    let template = "{% component C() %}\n{{ body | length }}: 1\n{% endcomponent %}{% <C> %}ab{% </C> %}\n";
    let rendered = Renderer::new(sources(template), Limits::default()).stack("a/1.0.0", &context());
    let place = rendered.unwrap().template.key_place("/2").unwrap();
    assert_eq!((place.file.as_str(), place.line), ("templates/a/1.0.0/template.yaml.tera", 0));
}

#[test]
fn what_the_linter_finds_in_a_loop_stands_in_the_loop() {
    let template = "Resources:\n{% for i in inputs.list %}\n  Topic{{ i }}:\n    Type: AWS::SNS::Topic\n    Colour: red\n{% endfor %}\n";
    let rendered = Renderer::new(sources(template), Limits::default()).stack("a/1.0.0", &context()).unwrap();
    let purpose = Purpose { region: Some("eu-central-1"), is_unit: true, schemas: true };
    let found: Vec<_> = lint(&rendered.template, purpose)
        .into_iter()
        .map(|found| {
            let place = found.place.unwrap();
            format!("{}:{}:{}: {}: {}", place.file, place.line, place.column, place.excerpt, found.message)
        })
        .collect();
    insta::assert_snapshot!(found.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn marks_do_not_change_what_is_rendered(
        text in "(a|A: 1| |\n|\n  |ä|\\{\\{ inputs\\.text \\}\\}|\\{\\{- inputs\\.text -\\}\\}|\\{# c\n #\\}|\\{% if inputs\\.yes -%\\}\nb \n\\{%- else %\\}c\\{% endif %\\}|\\{% for i in inputs\\.list %\\}\n \\{\\{ i \\}\\}\n\\{%- endfor -%\\}|\\{% raw -%\\} \\{\\{ \n\\{%- endraw %\\}|\\{% set s %\\} x\n\\{% endset %\\}\\{\\{ s | length \\}\\}|\\{% include \"part\\.tera\" %\\}){0,12}",
    ) {
        let path = "a/1.0.0/template.yaml.tera";
        let library = Library::compile(&sources(&text), "a/1.0.0", Limits::default()).unwrap();
        let Ok(output) = library.render(path, Mode::Structured, &context()) else { return Ok(()) };
        let lines = library.lines(path, &context(), &output.text);
        let rendered = output.text.split_inclusive('\n').count();
        assert_eq!(lines.rendered.len(), rendered, "{text:?} {:?}", output.text);
    }
}
