//! The section `Parameters`.

use serde_json::{Map, Value};

use crate::language::parameter_type::{Kind, ParameterType};
use crate::language::parameters::{LONGEST_VALUE, Parameter};
use crate::lint::functions::Walk;
use crate::lint::path::Path;
use crate::lint::report::shown;
use crate::lint::rules::{DUPLICATE_NAME, PARAMETER_DEFAULT, PARAMETER_FORM, PARAMETER_TYPE};
use crate::lint::values::{integer, is_boolean, is_scalar, kind, number, text};

const KEYS: [&str; 11] = [
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];

/// AWS CloudFormation user guide, "Parameters".
const DESCRIPTION_CHARACTERS: usize = 4_000;

pub(super) fn check(walk: &mut Walk<'_, '_>) {
    walk.logical_names("Parameters", &[]);
    let path = Path::ROOT.key("Parameters");
    for (name, declared) in walk.scope.entries("Parameters") {
        let path = path.key(name);
        if walk.scope.entry("Resources", name).is_some() {
            let message = format!("`{name}` is a parameter and a resource");
            walk.report.key(&DUPLICATE_NAME, &path, message).hint("rename one of them");
        }
        let Some(map) = walk.map(declared, &PARAMETER_FORM, &path, &format!("the parameter `{name}`")) else {
            continue;
        };
        walk.keys(map, &KEYS, &["Type"], &PARAMETER_FORM, &path);
        let before = walk.report.findings.len();
        forms(walk, map, &path);
        let known = type_of(walk, map, &path);
        if let (Some(known), true) = (known, walk.report.findings.len() == before) {
            fits(walk, map, &known, &path);
            default(walk, declared, &known, &path);
        }
    }
}

fn type_of(walk: &mut Walk<'_, '_>, map: &Map<String, Value>, path: &Path<'_>) -> Option<ParameterType> {
    let name = map.get("Type")?.as_str()?;
    let known = name.parse().ok();
    // Types that are not documented, and taken all the same.
    let is_undocumented = name.starts_with("AWS::SSM::Parameter::Value<") || name.starts_with("List<");
    if known.is_none() && !is_undocumented {
        let types = [
            "String",
            "Number",
            "CommaDelimitedList",
            "List<Number>",
            "AWS::EC2::VPC::Id",
            "AWS::EC2::Subnet::Id",
            "AWS::EC2::SecurityGroup::Id",
            "AWS::EC2::Image::Id",
            "AWS::EC2::KeyPair::KeyName",
            "AWS::EC2::Instance::Id",
            "AWS::SSM::Parameter::Name",
        ];
        walk.report
            .value(
                &PARAMETER_TYPE,
                &path.key("Type"),
                format!("there is no parameter type `{}`", shown(name)),
            )
            .nearest(name, types, "the usual ones are String, Number and CommaDelimitedList");
    }
    known
}

fn forms(walk: &mut Walk<'_, '_>, map: &Map<String, Value>, path: &Path<'_>) {
    for (key, value) in map {
        let problem = match key.as_str() {
            "AllowedPattern" | "ConstraintDescription" | "Description" | "Default" => {
                (!is_scalar(value)).then_some("a text")
            }
            "Type" => (!value.is_string()).then_some("a text"),
            "MaxLength" | "MinLength" => integer(value).is_none().then_some("a whole number"),
            "MaxValue" | "MinValue" => number(value).is_none().then_some("a number"),
            "NoEcho" => (!is_boolean(value)).then_some("true or false"),
            "AllowedValues" => {
                let all = value.as_array().is_some_and(|values| values.iter().all(is_scalar));
                (!all).then_some("a list of texts")
            }
            _ => None,
        };
        if let Some(wanted) = problem {
            let message = format!("`{key}` is {wanted}, this is {}", kind(value));
            walk.report.value(&PARAMETER_FORM, &path.key(key), message).hint(
                "a parameter's declaration takes no functions: it is read before anything is evaluated",
            );
        }
    }
    let length = map.get("Description").and_then(Value::as_str).map_or(0, |text| text.chars().count());
    if length > DESCRIPTION_CHARACTERS {
        let message =
            format!("the description has {length} characters, {DESCRIPTION_CHARACTERS} are allowed");
        walk.report.key(&PARAMETER_FORM, &path.key("Description"), message);
    }
}

/// Bounds that the type does not have.
fn fits(walk: &mut Walk<'_, '_>, map: &Map<String, Value>, known: &ParameterType, path: &Path<'_>) {
    let is_number = *known == ParameterType::One(Kind::Number);
    for (key, numbers_have_it) in [
        ("MinLength", false),
        ("MaxLength", false),
        ("AllowedPattern", false),
        ("MinValue", true),
        ("MaxValue", true),
    ] {
        let is_wrong =
            if is_number { !numbers_have_it } else { numbers_have_it && known.kind() != Kind::Number };
        if map.contains_key(key) && is_wrong {
            let message = format!("a parameter of the type `{known}` has no `{key}`");
            walk.report.key(&PARAMETER_FORM, &path.key(key), message);
        }
    }
}

fn default(walk: &mut Walk<'_, '_>, declared: &Value, known: &ParameterType, path: &Path<'_>) {
    let Some(default) = declared.get("Default").and_then(text) else { return };
    let problem = if default.len() > LONGEST_VALUE {
        Some(format!("has {} bytes, {LONGEST_VALUE} are allowed", default.len()))
    } else if is_placeholder(known, &default) || is_allowed_as_a_whole(declared, &default) {
        None
    } else {
        let parameter = serde_json::from_value::<Parameter>(without_description(declared)).ok();
        parameter.and_then(|parameter| parameter.check(known, &default).err())
    };
    if let Some(problem) = problem {
        walk.report
            .value(&PARAMETER_DEFAULT, &path.key("Default"), format!("the default {problem}"))
            .hint("correct the default or the constraint; a parameter may also have no default");
    }
}

/// A default that says "none" of a type whose values only an account knows: it is not looked up
/// before it is used, and people compare it in conditions.
fn is_placeholder(known: &ParameterType, default: &str) -> bool {
    matches!(known, ParameterType::Stored(_))
        || default.is_empty()
        || matches!(known.kind(), Kind::Existing(..))
}

/// CloudFormation also takes a list that stands among the allowed values as one text.
fn is_allowed_as_a_whole(declared: &Value, default: &str) -> bool {
    let allowed = declared.get("AllowedValues").and_then(Value::as_array);
    default.contains(',') && allowed.is_some_and(|allowed| allowed.iter().any(|one| one == default))
}

/// The author's words about a constraint would stand for the constraint itself.
fn without_description(declared: &Value) -> Value {
    let mut declared = declared.clone();
    if let Some(map) = declared.as_object_mut() {
        map.remove("ConstraintDescription");
    }
    declared
}
