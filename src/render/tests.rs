//! Whole renders: what comes out, and what people are told when nothing does.

use std::collections::BTreeMap;

use proptest::prelude::{ProptestConfig, proptest};
use serde_json::{Value, json};

use super::{Context, Limits, RenderedStack, Renderer, Sources, Visible};
use crate::model::Diagnostics;

fn sources(files: &[(&str, &str)]) -> Sources {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    Sources(files.collect::<BTreeMap<_, _>>())
}

fn context(inputs: &Value) -> Context {
    let env =
        json!({"name": "demo", "target": "primary", "region": "eu-central-1", "account": "000000000000"});
    let visible = |value: &Value| Visible::new(value).unwrap();
    Context { inputs: visible(inputs), env: visible(&env), lock: visible(&json!({"zones": ["a", "b"]})) }
}

fn inputs() -> Value {
    json!({"name": "it's \"x\"", "port": 5432, "multi": true, "tags": {"b": "2", "a": "1"}, "list": ["x", "y"], "nothing": null})
}

/// Every diagnostic on lines of its own: place, excerpt, code, message, hint.
fn shown(diagnostics: Diagnostics) -> String {
    let mut lines = Vec::new();
    for diagnostic in diagnostics {
        if let Some(place) = diagnostic.place {
            lines.push(format!(
                "{}:{}:{}+{}: {}",
                place.file, place.line, place.column, place.width, place.excerpt
            ));
        }
        lines.push(format!("{}: {}", diagnostic.code, diagnostic.message));
        lines.extend(diagnostic.hint.map(|hint| format!("  hint: {hint}")));
    }
    lines.join("\n")
}

fn stack_of(files: &[(&str, &str)], inputs: &Value) -> Result<RenderedStack, String> {
    Renderer::new(sources(files), Limits::default()).stack("a/1.0.0", &context(inputs)).map_err(shown)
}

fn stack(text: &str) -> Result<Value, String> {
    stack_of(&[("a/1.0.0/template.yaml.tera", text)], &inputs())
        .map(|rendered| Value::clone(&rendered.template.value))
}

#[test]
fn values_keep_their_type() {
    let table = [
        ("{{ inputs.name }}", json!("it's \"x\"")),
        ("'{{ inputs.name }}'", json!("it's \"x\"")),
        ("{{ env.name }}-logs", json!("demo-logs")),
        ("{{ env.account }}", json!("000000000000")),
        ("{{ inputs.port }}", json!(5432)),
        ("{{ inputs.multi }}", json!(true)),
        ("{{ inputs.port + 1 }}", json!(5433)),
        ("'{{ inputs.port }}'", json!("5432")),
        ("{{ inputs.list | json }}", json!(["x", "y"])),
        ("{{ inputs.tags | json }}", json!({"a": "1", "b": "2"})),
        ("'{{ inputs.list | json }}'", json!("[\"x\",\"y\"]")),
        ("{{ inputs.list | join(sep=\",\") }}", json!("x,y")),
        ("!Sub '${A}-{{ inputs.name }}'", json!({"Fn::Sub": "${A}-it's \"x\""})),
        ("!Sub '${ {{- env.target -}} .Arn}'", json!({"Fn::Sub": "${primary.Arn}"})),
        ("{{ inputs.name | shell }}", json!("'it'\\''s \"x\"'")),
        ("{{ inputs.name | slug }}", json!("it-s-x")),
        ("{{ inputs.absent | default(value=\"none\") }}", json!("none")),
        ("{% if inputs.absent is defined %}a{% else %}b{% endif %}", json!("b")),
        ("{% set x %}a: {{ env.name }}{% endset %}{{ x | upper }}", json!("A: DEMO")),
        ("{% filter upper %}a: {{ env.name }}{% endfilter %}", json!("A: DEMO")),
        ("{% set x = inputs.list | json %}{{ x }}", json!(["x", "y"])),
        ("[{% for k, v in inputs.tags %}{{ k }}{{ v }},{% endfor %}]", json!(["a1", "b2"])),
        ("{{ [i * 2 for i in range(end=3)] | json }}", json!([0, 2, 4])),
        ("{{ inputs.port if inputs.multi else 1 }}", json!(5432)),
        ("{{ 'a' ~ env.name ~ 'b' }}", json!("ademob")),
        ("a {{- env.name -}} b", json!("ademob")),
        ("x # {{ inputs.name }}", json!("x")),
        ("{% raw %}${#x}{% endraw %}", json!("${#x}")),
        (
            "{{ resolve_secret(name=\"db\", key=\"password\") }}",
            json!("{{resolve:secretsmanager:db:SecretString:password}}"),
        ),
        ("{{ resolve_secret(name=\"db\") }}", json!("{{resolve:secretsmanager:db:SecretString}}")),
        ("{{ resolve_parameter(name=\"/a/b\", version=3) }}", json!("{{resolve:ssm:/a/b:3}}")),
    ];
    for (text, expected) in table {
        assert_eq!(stack(&format!("V: {text}\n")), Ok(json!({ "V": expected })), "{text}");
    }
}

#[test]
fn groups_are_sorted() {
    let inputs = json!({"rules": [{"k": "b", "n": 1}, {"k": "a", "n": 2}, {"k": "b", "n": 3}]});
    let text = "V: [{% for k, v in inputs.rules | group_by(attribute=\"k\") %}{{ k }}{{ v | length }},{% endfor %}]\n";
    let rendered = stack_of(&[("a/1.0.0/template.yaml.tera", text)], &inputs).unwrap();
    assert_eq!(rendered.template.value, json!({"V": ["a1", "b2"]}));
}

#[test]
fn includes_components_and_parents_are_resolved_and_recorded() {
    let files = [
        (
            "a/1.0.0/template.yaml.tera",
            "{% extends \"base.tera\" %}{% block body %}  V: {{ <Card name={env.name}/> }}\n{{ super() }}{% endblock %}",
        ),
        ("a/1.0.0/base.tera", "R:\n{% block body %}{% include \"shared/1.0.0/x.tera\" %}{% endblock %}"),
        ("a/1.0.0/card.tera", "{% component Card(name: string) %}{{ name }}-card{% endcomponent %}"),
        ("a/1.0.0/unused.tera", "{{ env.name }}"),
        ("a/1.0.0/run.sh", "echo \"${#x}: {{ no }}\"\n"),
        ("shared/1.0.0/x.tera", "  X: {{ file(name=\"run.sh\") }}\n"),
    ];
    let rendered = stack_of(&files, &inputs()).unwrap();
    assert_eq!(rendered.template.value, json!({"R": {"V": "demo-card", "X": "echo \"${#x}: {{ no }}\"\n"}}));
    let used: Vec<_> = rendered.used.iter().map(String::as_str).collect();
    assert_eq!(
        used,
        [
            "a/1.0.0/base.tera",
            "a/1.0.0/card.tera",
            "a/1.0.0/run.sh",
            "a/1.0.0/template.yaml.tera",
            "shared/1.0.0/x.tera"
        ]
    );
}

#[test]
fn what_goes_wrong_is_said_with_its_place() {
    let table = [
        "V: {{ inputs.nmae }}",
        "V: {% if inputs.prt == 1 %}a{% endif %}",
        "V: {{ lock.zone }}",
        "V: {{ inptus.name }}",
        "V: {{ name }}",
        "V: {{ inputs.tags.c }}",
        "V: {{ inputs.tags[\"c\"] }}",
        "A: 1\nV: {{ inputs.list }}",
        "V: {{ inputs.tags }}",
        "V: {{ inputs.nothing }}",
        "V: {{ inputs.name | safe }}",
        "V: {{ inputs.name | uper }}",
        "V: {{ now() }}",
        "V: {{ __tera_context }}",
        "V: {{resolve:ssm:/a/b:3}}",
        "V: '{{resolve:secretsmanager:db:SecretString:password}}'",
        "V: {{ inputs.name",
        "V: {% if inputs.multi %}a",
        "V: {{ inputs.name | replace(from=1) }}",
        "V: {{ throw(message=\"size must be even\") }}",
        "V: {% include \"prats.tera\" %}",
        "V: {% include \"plain.txt\" %}",
        "V: {% include \"../../../etc/passwd\" %}",
        "V: {% include \"template.yaml.tera\" %}",
        "V: {% for i in range(end=1000) %}{% for j in range(end=1000) %}{% endfor %}{% endfor %}",
        "{% set r = range(end=1000) %}V: {{ [[1 for j in r] | length for i in r] | length }}",
        "{% set s = \"xxxxxxxx\" %}{% for i in range(end=60) %}{% set_global s = s ~ s %}{% endfor %}V: 1",
        "V: {% for i in range(end=90000) %}{{ i }} xxxxxxxxxxxx {% endfor %}",
        "V: !{{ env.name }} x",
        "V: {{ <Card/> }}",
        "{% component C() %}{{ <C/> }}{{ <C/> }}{% endcomponent %}V: {{ <C/> }}",
        "V: {% set x %}{{ env.name }}{% endset %}{{ x | truncate(length=1) }}\nW: Yes",
        "{{ env.name }}: 1\ndemo: 2",
        "V: {{ resolve_parameter(name=\"/a/b\") }}",
        "V: {{ file(name=\"plan.txt\") }}",
        "V: {{ range(end=200000) | length }}",
    ];
    let render = |text: &str| {
        let files =
            [("a/1.0.0/template.yaml.tera", text), ("a/1.0.0/parts.tera", "x"), ("a/1.0.0/plain.txt", "x")];
        stack_of(&files, &inputs())
            .map_or_else(|text| text, |rendered| format!("NO ERROR: {}", rendered.template.value))
    };
    let all: Vec<_> = table.iter().map(|text| format!("{text}\n----\n{}", render(text))).collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn places_after_the_render_lead_to_the_source() {
    let text =
        "A: {{ inputs.port }}\nB: \"{{ env.name }}\" # {{ inputs.name }}\nC: {{ env.name }} !Ref\nD: Yes\n";
    let rendered =
        stack_of(&[("a/1.0.0/template.yaml.tera", &text.replace("D: Yes", "D: 1"))], &inputs()).unwrap();
    let place = rendered.template.place("/C").unwrap();
    assert_eq!((place.line, place.column, place.excerpt.as_str()), (3, 4, "C: {{ env.name }} !Ref"));
    insta::assert_snapshot!(stack(text).unwrap_err(), @r#"
    templates/a/1.0.0/template.yaml.tera:4:4+3: D: Yes
    ambiguous-scalar: `Yes` is a boolean to YAML 1.1 and a text to YAML 1.2
      hint: quote it: "Yes"; or write `true` or `false`
    "#);
}

#[test]
fn equal_renders_share_one_document_and_others_do_not() {
    let files = [
        ("a/1.0.0/template.yaml.tera", "A: {{ inputs.name }}"),
        ("b/1.0.0/template.yaml.tera", "A: {{ inputs.name | json }}"),
        ("c/1.0.0/template.yaml", "A: 1"),
    ];
    let renderer = Renderer::new(sources(&files), Limits::default());
    let stack =
        |folder, name| renderer.stack(folder, &context(&json!({ "name": name }))).unwrap().template.value;
    for folder in ["a/1.0.0", "b/1.0.0"] {
        assert!(std::ptr::eq(&*stack(folder, "x"), &*stack(folder, "x")));
        assert_eq!(stack(folder, "x"), json!({"A": "x"}));
        assert_eq!(stack(folder, "y"), json!({"A": "y"}), "the text is the same, the value is not");
    }
    assert!(std::ptr::eq(&*stack("c/1.0.0", "x"), &*stack("c/1.0.0", "y")));
}

#[test]
fn a_broken_template_harms_only_its_users() {
    let renderer = Renderer::new(
        sources(&[
            ("a/1.0.0/template.yaml.tera", "A: {{ env.name }}"),
            ("b/1.0.0/template.yaml.tera", "{{"),
            ("c/1.0.0/x", ""),
        ]),
        Limits::default(),
    );
    assert!(renderer.stack("a/1.0.0", &context(&inputs())).is_ok());
    assert!(renderer.stack("b/1.0.0", &context(&inputs())).is_err());
    insta::assert_snapshot!(shown(renderer.stack("c/1.0.0", &context(&inputs())).unwrap_err()), @r"
    templates/c/1.0.0:0:0+1: 
    no-template: `c/1.0.0` has no stack template
      hint: it needs one of template.yaml, template.yaml.tera, template.json, template.json.tera
    ");
}

#[test]
fn other_files_are_rendered_or_taken_as_they_are() {
    let renderer = Renderer::new(
        sources(&[
            ("a/1.0.0/Dockerfile.tera", "FROM x\nENV A={{ inputs.name | shell }} {{ inputs.list | json }}\n"),
            ("a/1.0.0/run.sh", "{{ no }}"),
        ]),
        Limits::default(),
    );
    let rendered = renderer.files("a/1.0.0", &context(&inputs())).unwrap();
    let text = |name: &str| String::from_utf8(rendered.files[name].clone()).unwrap();
    assert_eq!(text("Dockerfile"), "FROM x\nENV A='it'\\''s \"x\"' [\"x\",\"y\"]\n");
    assert_eq!(text("run.sh"), "{{ no }}");
    let broken =
        renderer.files("a/1.0.0", &context(&json!({"name": "a\nRUN evil", "list": []}))).unwrap_err();
    insta::assert_snapshot!(shown(broken), @r"
    templates/a/1.0.0/Dockerfile.tera:2:10+19: ENV A={{ inputs.name | shell }} {{ inputs.list | json }}
    control-character: `inputs.name | shell` holds the control character '\n'
      hint: in a text file a value must stay on its line: split it, or print it with `| json`
    ");
}

#[test]
fn a_json_template_is_rendered_too() {
    let text = "{\"A\": \"{{ inputs.name }}\", \"B\": {{ inputs.tags | json }},\n \"C\": [{{ inputs.port }}, {{ inputs.multi }}]}";
    let rendered = stack_of(&[("a/1.0.0/template.json.tera", text)], &inputs()).unwrap();
    assert_eq!(
        rendered.template.value,
        json!({"A": "it's \"x\"", "B": {"a": "1", "b": "2"}, "C": [5432, true]})
    );
}

/// Templates that would take minutes, gigabytes or the stack: each ends with the error that says so,
/// because whatever grows is counted. No clock is read; an uncounted one would hang this test.
#[test]
fn hostile_templates_end_by_counting() {
    let big = "{% set s = \"xxxxxxxxxxxxxxxx\" %}{% for i in range(end=14) %}{% set_global s = s ~ s %}{% endfor %}";
    let table: &[(&str, String)] = &[
        ("filters over a range", "V: {% for i in range(end=90000) %}{% set x = range(end=99999) | reverse | sort | unique | length %}{% endfor %}".into()),
        ("nested ranges", "V: {% for i in range(end=1000) %}{% for j in range(end=1000) %}{% endfor %}{% endfor %}".into()),
        ("ranges that are left at once", "V: {% for i in range(end=90000) %}{% for j in range(end=99999) %}{% break %}{% endfor %}{% endfor %}".into()),
        ("comprehensions of nothing", "{% set r = range(end=99999) %}V: {% for i in r %}{{ [1 for j in r if j == -1] | length }}{% endfor %}".into()),
        ("long conditions", format!("V: {{{{ [1 for j in range(end=99999) if \"{}\" ~ j == \"\"] | length }}}}", "y".repeat(50_000))),
        ("comparisons", "{% set r = range(end=99999) %}{% set q = range(end=99999) %}V: {% for i in range(end=90000) %}{% if r == q %}{% endif %}{% endfor %}".into()),
        ("searches", "{% set r = range(end=99999) %}V: {% for i in range(end=90000) %}{% if -1 in r %}{% endif %}{% endfor %}".into()),
        ("searches in text", format!("{big}V: {{% for i in range(end=90000) %}}{{% if s is containing(pat=\"y\") %}}{{% endif %}}{{% endfor %}}")),
        ("joined text", format!("{big}V: {{% for i in range(end=90000) %}}{{% if s ~ s ~ s ~ s == \"\" %}}{{% endif %}}{{% endfor %}}")),
        ("repetition by replacing", format!("{big}V: {{{{ s | replace(from=\"x\", to=s) | length }}}}")),
        ("repetition by replacing nothing", format!("{big}V: {{{{ s | replace(from=\"\", to=s) | length }}}}")),
        ("repetition by joining", format!("{big}V: {{{{ range(end=99999) | join(sep=s) | length }}}}")),
        ("repetition by indenting", format!("{big}V: {{{{ s | replace(from=\"x\", to=\"x\\n\") | indent(width=1000, blank=true) | length }}}}")),
        ("splitting", format!("{big}V: {{% for i in range(end=90000) %}}{{{{ s | split(pat=\"\") | length }}}}{{% endfor %}}")),
        ("lists of lists", "{% set l = [\"a\"] %}{% for i in range(end=60) %}{% set_global l = [l, l] %}{% endfor %}V: {{ l | json }}".into()),
        ("deep lists", "{% set l = [\"a\"] %}{% for i in range(end=90000) %}{% set_global l = [l] %}{% endfor %}V: {{ l | json }}".into()),
        ("slices", "{% set r = range(end=99999) %}V: {% for i in range(end=90000) %}{% set x = r[::2] %}{% endfor %}".into()),
        ("spread lists", "{% set r = range(end=99999) %}V: {% for i in range(end=90000) %}{{ [...r, ...r] | length }}{% endfor %}".into()),
        ("captured text", format!("V: {{% for i in range(end=90000) %}}{{% set x %}}{}{{% endset %}}{{% endfor %}}", "y".repeat(100_000))),
        ("filtered text", format!("V: {{% for i in range(end=90000) %}}{{% set x = \"{}\" | upper | length %}}{{% endfor %}}", "y".repeat(100_000))),
        ("literals", format!("V: {{% for i in range(end=90000) %}}{{% if \"{}\" ~ \"y\" == \"\" %}}{{% endif %}}{{% endfor %}}", "y".repeat(100_000))),
        ("a file in a loop", "V: {% for i in range(end=90000) %}{% if file(name=\"plain.txt\") ~ \"\" == \"\" %}{% endif %}{% endfor %}".into()),
        ("components that call themselves", "{% component C() %}{{ <C/> }}{{ <C/> }}{% endcomponent %}V: {{ <C/> }}".into()),
        ("an include in a loop", "V: {% for i in range(end=90000) %}{% include \"parts.tera\" %}{% endfor %}".into()),
        ("arguments of components", "{% component C(a: bool) %}{% endcomponent %}{% set r = range(end=99999) %}{% set q = range(end=99999) %}V: {% for i in range(end=90000) %}{{ <C a={r == q}/> }}{% endfor %}".into()),
    ];
    let told: Vec<String> = table
        .iter()
        .map(|(what, text)| {
            let files = [
                ("a/1.0.0/template.yaml.tera", text.as_str()),
                ("a/1.0.0/parts.tera", "{% set r = range(end=999) %}"),
                ("a/1.0.0/plain.txt", &"z".repeat(100_000)),
            ];
            let told = stack_of(&files, &inputs());
            let told = told.map_or_else(|text| text, |it| format!("NO ERROR: {}", it.template.value));
            let told: Vec<_> = told.lines().filter(|line| !line.starts_with("templates/")).collect();
            format!("{what}: {}", told.join("\n"))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

/// What people write stays far from the bounds: a thousand rules, each with a text of a kilobyte.
#[test]
fn honest_templates_have_room() {
    let rules: Vec<Value> =
        (0..1000).map(|n| json!({"name": format!("rule-{n}"), "text": "t".repeat(1000)})).collect();
    let text = "R:\n{% for rule in inputs.rules | sort(attribute=\"name\") %}  {{ rule.name | title | replace(from=\"-\", to=\"\") }}:\n{% if rule.name != \"x\" and rule.text is containing(pat=\"t\") %}    V: {{ rule.text | upper | truncate(length=20) ~ rule.name }}\n{% endif %}{% endfor %}";
    let rendered = stack_of(&[("a/1.0.0/template.yaml.tera", text)], &json!({"rules": rules})).unwrap();
    assert_eq!(rendered.template.value["R"].as_object().unwrap().len(), 1000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_value_never_becomes_anything_else(value in "(\\PC|[ -~\n\r\t]){0,30}") {
        proptest::prop_assume!(!crate::template::contains_token_characters(&value));
        let text = "A: {{ inputs.v }}\nB: \"a{{ inputs.v }}b\"\nC-{{ inputs.v }}: 1\nD: |\n  x {{ inputs.v }}\n  y\nE: [{{ inputs.l | json }}]\nF: !Sub '{{ inputs.v }}'\n{% set s %}{{ inputs.v }}!{% endset %}G: {{ s }}\n";
        let rendered = stack_of(&[("a/1.0.0/template.yaml.tera", text)], &json!({"v": value, "l": {"k": [value]}})).unwrap();
        let v = &value;
        let expected = json!({"A": v, "B": format!("a{v}b"), (format!("C-{v}")): 1, "D": format!("x {v}\ny\n"),
            "E": [{"k": [v]}], "F": {"Fn::Sub": v.replace("${", "${!")}, "G": format!("{v}!")});
        assert_eq!(rendered.template.value, expected);
    }

    #[test]
    fn any_source_gives_a_document_or_diagnostics(text in "(\\{\\{|\\}\\}|\\{%|%\\}|\\{#|#\\}|-|for|in|if|set|x|endfor|endset|raw|endraw|<|>|/|\\[|\\]|\\(|\\)|\\||\"|'|=|:| |\n|inputs\\.name|include|ä){0,25}") {
        let _ = stack(&text);
        let _ = stack(&format!("A: {{{{ {text} }}}}"));
        let _ = stack(&format!("A: {{% {text} %}}"));
    }
}
