//! What is given to fuzzers, and to the tests of hostile input: any bytes, offered as a template.
//! Each function must come back, and must not panic; what it finds out is of no interest.

use std::collections::BTreeMap;
use std::time::Duration;

use rekindle::language::expand::{Unknown, expand};
use rekindle::language::parameters::Parameter;
use rekindle::language::rules::{UnknownAccount, judge};
use rekindle::language::{Evaluator, Facts, capabilities, decide, transforms};
use rekindle::lint::{Purpose, lint};
use rekindle::local::{Cloud, Options};
use rekindle::port::{CloudFormation, CreateStack, StackBody};
use rekindle::template::{analysis, read};
use serde_json::{Map, Value};

/// The readers of YAML and JSON, the linter, and the questions the project asks of a template.
pub fn template(bytes: &[u8]) {
    for file in ["template.yaml", "template.json"] {
        let Ok(document) = read(file, bytes) else { continue };
        let _ = lint(&document, Purpose::default());
        let _ = capabilities(&document.value);
        let _ = analysis::parameters(&document.value);
        language_of(&document.value);
    }
}

/// The template language over JSON.
pub fn language(bytes: &[u8]) {
    if let Ok(value) = serde_json::from_slice(bytes) {
        language_of(&value);
    }
}

fn language_of(template: &Value) {
    let Value::Object(root) = template else { return };
    let _ = transforms::named(root);
    let section = |name: &str| root.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let parameters = parameters(&section("Parameters"));
    let mut facts = Facts {
        parameters: parameters.iter().map(|(name, parameter)| (name.clone(), default(parameter))).collect(),
        mappings: section("Mappings"),
        ..Facts::default()
    };
    let _ = judge(&section("Rules"), &parameters, &facts, &UnknownAccount);
    let _ = expand(root, &facts, Unknown::Refuse);
    let Ok(expansion) = expand(root, &facts, Unknown::Keep) else { return };
    if let Some(Value::Object(conditions)) = expansion.template.get("Conditions") {
        facts.conditions = decide(conditions, &facts).unwrap_or_default();
    }
    for section in ["Resources", "Outputs"] {
        let entries = expansion.template.get(section).and_then(Value::as_object);
        for (name, entry) in entries.into_iter().flatten() {
            let _ = expansion.source(&rekindle::language::pointer(&format!("/{section}"), name));
            let _ = Evaluator::new(&facts).value(entry);
        }
    }
}

fn parameters(section: &Map<String, Value>) -> BTreeMap<String, Parameter> {
    let read = |(name, declared): (&String, &Value)| {
        Some((name.clone(), serde_json::from_value(declared.clone()).ok()?))
    };
    section.iter().filter_map(read).collect()
}

fn default(parameter: &Parameter) -> Option<Value> {
    let text = parameter.default.as_ref()?;
    let kind = parameter.r#type.parse().ok()?;
    let _ = parameter.check(&kind, text);
    parameter.read(text)
}

/// The embedded engine: a stack is made of the template, and comes to an end.
pub fn engine(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("no timers, no sockets");
    runtime.block_on(made(text));
}

async fn made(text: &str) {
    let options = Options { now: jiff::Timestamp::UNIX_EPOCH, faults: Vec::new() };
    let account = "111122223333".parse().expect("twelve digits");
    let cloud = Cloud::in_memory(options);
    let client = cloud.client(account, "eu-central-1".parse().expect("a region"));
    let capabilities = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"].map(str::to_owned);
    let body = StackBody {
        template: text.to_owned(),
        parameters: BTreeMap::new(),
        kept_parameters: std::collections::BTreeSet::new(),
        tags: BTreeMap::new(),
        capabilities: capabilities.to_vec(),
        service_role: None,
        notifications: Vec::new(),
    };
    let request = CreateStack {
        stack: "hostile".parse().expect("a stack name"),
        body,
        stack_policy: None,
        termination_protection: false,
        timeout_minutes: None,
        token: "token".to_owned(),
    };
    let Ok(id) = client.create_stack(&request).await else { return };
    loop {
        let stack = client.describe_stack(&id).await.expect("in memory").expect("it was made");
        if !stack.status.is_busy() {
            return;
        }
        client.wait_for_change(Duration::from_secs(1_000_000)).await.expect("in memory");
    }
}
