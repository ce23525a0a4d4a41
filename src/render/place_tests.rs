//! Where what is found in a render stands in the sources.

use std::collections::BTreeMap;

use proptest::prelude::{ProptestConfig, proptest};
use proptest::{collection, prop_assert_eq};
use serde_json::{Value, json};

use super::{Context, Limits, RenderedStack, Renderer, Sources, Visible};
use crate::lint::{Purpose, lint};
use crate::model::Place;
use crate::render::library::Library;
use crate::render::session::Mode;

const OWN: &str = "template.yaml.tera";

fn sources<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Sources {
    let files = files.into_iter().map(|(name, text)| (format!("a/1.0.0/{name}"), text.as_bytes().to_vec()));
    Sources(files.collect())
}

fn with_part(template: &str) -> Sources {
    sources([(OWN, template), ("part.tera", "P:\n{% if inputs.yes %}\n  Q: 1\n{% endif %}\n")])
}

fn context() -> Context {
    let visible = |value: &Value| Visible::new(value).unwrap();
    let inputs = json!({"list": ["x", "y"], "yes": true, "no": false, "text": "t", "map": {"K": "v"}});
    Context { inputs: visible(&inputs), env: visible(&json!({})), lock: visible(&json!({})) }
}

fn render(sources: Sources) -> RenderedStack {
    Renderer::new(sources, Limits::default()).stack("a/1.0.0", &context()).unwrap()
}

/// Name of the file, line, and what the carets stand under.
fn shown(place: &Place) -> (String, usize, String) {
    let meant = place.excerpt.chars().skip(place.column - 1).take(place.width).collect();
    (place.file.trim_start_matches("templates/a/1.0.0/").to_owned(), place.line, meant)
}

#[test]
fn a_place_is_in_the_source_whatever_moved_the_lines() {
    let table = [
        ("{% for i in inputs.list %}\nK{{ i }}: 1\n{% endfor %}\nA:\n  B: 2\n", "/A/B", OWN, 5, "B"),
        ("{% for i in inputs.list %}\nK{{ i }}: 1\n{{ i }}: 2\n{% endfor %}\n", "/y", OWN, 3, "{{ i }}"),
        ("{% for i in inputs.list %}\nK{{ i }}: 1\n{% endfor %}\n", "/Ky", OWN, 2, "K{{ i }}"),
        ("{% for i in inputs.list %}K{{ i }}-{{ i }}z: {A: 1}\n{% endfor %}", "/Ky-yz/A", OWN, 1, "A"),
        ("{% if inputs.no %}\nA: 1\n{% else %}\nB: 2\n{% endif %}\nC: 3\n", "/B", OWN, 4, "B"),
        ("{% if inputs.no %}\nA: 1\n{% else %}\nB: 2\n{% endif %}\nC: 3\n", "/C", OWN, 6, "C"),
        ("A: 1\n{% include \"part.tera\" %}\nB: 2\n", "/P/Q", "part.tera", 3, "Q"),
        ("A: 1\n{% include \"part.tera\" %}\nB: 2\n", "/B", OWN, 3, "B"),
        ("{% if inputs.yes %}{% endif %}\n{% raw %}\nA: '{{ no }}'\n{% endraw %}\nB: 1\n", "/A", OWN, 3, "A"),
        ("{# a\nb #}\nA: 1\n{%- if inputs.yes %}\nB: 2\n{%- endif %}\nC: 3\n", "/B", OWN, 5, "B"),
        ("{# a\nb #}\nA: 1\n{%- if inputs.yes %}\nB: 2\n{%- endif %}\nC: 3\n", "/C", OWN, 7, "C"),
        (
            "{% if inputs.yes\n and not inputs.no -%}\n\nA: {{\n inputs.text\n}}\nB: 1\n{% endif %}\n",
            "/B",
            OWN,
            7,
            "B",
        ),
        ("{% set s %}\na\nb\n{% endset %}\nA: {{ s }}\nB: 1\n", "/B", OWN, 6, "B"),
        ("A: {% if inputs.yes -%}\n  {B: 1,\n{%- endif %}\n   C: 2}\n", "/A/B", OWN, 2, "B"),
        // Of what stands in a value that an input brings, the place is where it is put in.
        ("A:\n  B: {{ inputs.map | json }}\n", "/A/B/K", OWN, 2, "B"),
        (
            "{% component C(x) %}\nä{{ x }}: 1\n{% endcomponent %}\n{{ <C x=\"1\"/> }}\nB: 2\n",
            "/ä1",
            OWN,
            2,
            "ä{{ x }}",
        ),
        (
            "{% component C(x) %}\nä{{ x }}: 1\n{% endcomponent %}\n{{ <C x=\"1\"/> }}\nB: 2\n",
            "/B",
            OWN,
            5,
            "B",
        ),
    ];
    for (template, pointer, file, line, meant) in table {
        let rendered = render(with_part(template));
        let place = rendered.template.key_place(pointer).expect(template);
        assert_eq!(shown(&place), (file.to_owned(), line, meant.to_owned()), "{template}");
    }
}

#[test]
fn blocks_of_parents_and_json_have_places_too() {
    let child = "{% extends \"base.tera\" %}\n{% block b %}\nC: 2\n{% endblock %}\n";
    let base = "A: 1\n{% block b %}\nB: 1\n{% endblock %}\nD: 1\n";
    let rendered = render(sources([(OWN, child), ("base.tera", base)]));
    let line = |pointer: &str| {
        let (file, line, _) = shown(&rendered.template.key_place(pointer).unwrap());
        format!("{file}:{line}")
    };
    assert_eq!(["/C", "/A", "/D"].map(line), ["template.yaml.tera:3", "base.tera:1", "base.tera:5"]);
    let json = "{\n{% if inputs.yes %}\n \"A\": {\"{{ inputs.text }}B\": 1}\n{% endif %}\n}\n";
    let rendered = render(sources([("template.json.tera", json)]));
    let place = rendered.template.key_place("/A/tB").unwrap();
    assert_eq!(shown(&place), ("template.json.tera".to_owned(), 3, "\"{{ inputs.text }}B\"".to_owned()));
}

#[test]
fn values_that_are_put_in_are_pointed_to_as_a_whole() {
    let table = [
        ("A: 1\nB: {{ inputs.map | json }}\n", "/B/K", "{{ inputs.map | json }}"),
        ("A: 1\nB: x{{ inputs.text }}\n", "/B", "x{{ inputs.text }}"),
        ("A: 1\nB: {{ inputs.text }}x # y\n", "/B", "{{ inputs.text }}x"),
        ("A: 1\nB: \"{{ inputs.text }}\"\n", "/B", "\"{{ inputs.text }}\""),
        ("A: 1\nB: {{ inputs.list | length }}\n", "/B", "{{ inputs.list | length }}"),
    ];
    for (template, pointer, meant) in table {
        let rendered = render(with_part(template));
        let place = rendered.template.place(pointer).expect(template);
        assert_eq!(shown(&place), (OWN.to_owned(), 2, meant.to_owned()), "{template}");
    }
}

#[test]
fn a_place_that_cannot_be_traced_says_that_it_is_one_of_the_render() {
    let template = "{% component C() %}\n{{ body | length }}: 1\n{% endcomponent %}{% <C> %}ab{% </C> %}\nA: {{ inputs.text }}\n";
    let rendered = render(with_part(template));
    let place = rendered.template.key_place("/A").unwrap();
    assert_eq!(place.file, "templates/a/1.0.0/template.yaml (rendered)");
    assert_eq!(place.excerpt, "A: t");
}

#[test]
fn units_that_share_a_document_have_places_of_their_own() {
    let template = "{% if inputs.yes %}\nA: 1\n{% else %}\nA: 1\n{% endif %}\n";
    let renderer = Renderer::new(with_part(template), Limits::default());
    let of = |yes: bool| {
        let mut context = context();
        context.inputs = Visible::new(&json!({"yes": yes})).unwrap();
        renderer.stack("a/1.0.0", &context).unwrap().template
    };
    let (first, second) = (of(true), of(false));
    assert!(std::ptr::eq(&*first.value, &*second.value));
    let line = |document: &crate::template::Document| document.key_place("/A").unwrap().line;
    assert_eq!((line(&first), line(&second), line(&of(true))), (2, 4, 2));
}

/// Parts of a `Resources` section. `§` is a number of its own, `@` where the mistake is put in;
/// behind `>>>` stands what the part includes.
const PARTS: [&str; 10] = [
    "  Plain§:\n    Type: AWS::SNS::Topic\n    Properties:\n@      DisplayName: {{ inputs.text }}\n",
    "{% for i in inputs.list %}\n  Loop§{{ i }}:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicName: a-{{ i }}\n@{% endfor %}\n",
    "{% if inputs.no %}\n  Never§:\n    Type: No\n{%- else %}\n  Else§:\n    Type: AWS::SNS::Topic\n    Properties:\n@      DisplayName: a\n{% endif %}\n",
    "{% include \"part§.tera\" %}\n>>>{% if inputs.yes %}\n  Part§:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: a\n@{% endif %}\n",
    "  Folded§:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: >-\n        one {{ inputs.text }}\n\n        two\n@",
    "{#- a\n b -#}\n{% set s§ %}\na\nb\n{% endset %}\n  Set§:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: {{ s§ | trim | replace(from=\"\n\", to=\" \") }}\n@",
    "  Expression§:\n    Type: {{\n      \"AWS::SNS::Topic\"\n    }}\n    Properties:\n@      DisplayName: ä\n",
    "{% for i in inputs.list %}{% for j in inputs.list %}\n{%- if i == j %}\n  Inner§{{ i }}{{ j }}:\n    Type: AWS::SNS::Topic\n    Properties:\n@      TopicName: {{ i ~ j }}\n{%- endif %}\n{%- endfor %}{% endfor %}\n",
    "{% raw %}\n  Raw§:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: '{{ x }}'\n@{% endraw %}\n\n\n",
    "{% component c§(name) %}\n  Component§{{ name }}:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: {{ name }}\n@{% endcomponent %}\n{{ <c§ name=\"a\"/> }}\n{{ <c§ name=\"b\"/> }}\n",
];

const MISTAKE: &str = "      Colour: red\n";

/// The files of a template of these parts, with a mistake in one of them.
fn planted(parts: &[usize], wrong: usize) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut own = String::from("Resources:\n");
    for (number, part) in parts.iter().enumerate() {
        let text = PARTS[*part].replace('§', &number.to_string());
        let text = text.replace('@', if number == wrong { MISTAKE } else { "" });
        let (here, included) = text.split_once(">>>").unwrap_or((&text, ""));
        own.push_str(here);
        files.insert(format!("part{number}.tera"), included.to_owned());
    }
    files.insert(OWN.to_owned(), own);
    files
}

/// Whatever may stand next to each other in a source.
const PIECES: [&str; 19] = [
    "a",
    "A: 1",
    " ",
    "\n",
    "\n  ",
    "ä",
    "\u{a0}",
    "{{ inputs.text }}",
    "{{- inputs.text -}}",
    "{{ inputs.map | json }}",
    "{# c\n #}",
    "{% if inputs.yes -%}\nb \n{%- else %}c{% endif %}",
    "{% for i in inputs.list %}\n {{ i }}\n{%- endfor -%}",
    "{% raw -%} {{ \n{%- endraw %}",
    "{% set s %} x\n{% endset %}{{ s | length }}",
    "{% set s %}{{ inputs.text }}y{% endset %}{{ s }}",
    "{% set m %}{{ inputs.map | json }}{% endset %}{{ m }}",
    "{% include \"part.tera\" %}",
    "{% filter upper %} a{{ inputs.text }}\n{% endfilter %}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_mistake_is_found_once_and_where_it_was_planted(
        parts in collection::vec(0..PARTS.len(), 1..8),
        wrong in 0_usize..8,
    ) {
        let files = planted(&parts, wrong % parts.len());
        let expected: Vec<_> = files
            .iter()
            .flat_map(|(name, text)| text.lines().enumerate().map(move |(index, line)| (name, index, line)))
            .filter(|(_, _, line)| *line == MISTAKE.trim_end())
            .map(|(name, index, _)| (name.clone(), index + 1, "Colour".to_owned()))
            .collect();
        let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let rendered = render(sources(files));
        let purpose = Purpose { region: Some("eu-central-1"), is_unit: true, schemas: true };
        let found: Vec<_> = lint(&rendered.template, purpose).0;
        let found = found.iter().filter(|found| found.message.contains("Colour"));
        let found: Vec<_> = found.map(|found| shown(found.place.as_ref().unwrap())).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn stamps_do_not_change_what_is_rendered(pieces in collection::vec(0..PIECES.len(), 0..12)) {
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        let path = "a/1.0.0/template.yaml.tera";
        let library = Library::compile(&with_part(&text), "a/1.0.0", Limits::default()).unwrap();
        let Ok(output) = library.render(path, Mode::Structured, &context()) else { return Ok(()) };
        let lines = library.lines(path, Mode::Structured, &context(), &output.text).map(|lines| lines.rendered.len());
        prop_assert_eq!(lines, Some(output.text.split_inclusive('\n').count()), "{:?}", output.text);
    }
}
