//! Kinds of values, and what single values may be.

use serde_json::{Number, Value};

use crate::catalogue::Schema;
use crate::lint::path::Path;
use crate::lint::report::shown;
use crate::lint::rules::{
    PROPERTY_FORMAT, PROPERTY_LENGTH, PROPERTY_PATTERN, PROPERTY_RANGE, PROPERTY_TYPE, PROPERTY_VALUE,
};
use crate::lint::schema::formats;
use crate::lint::schema::judge::Judge;
use crate::lint::schema::patterns::is_found;
use crate::lint::scope::Scope;
use crate::lint::values::{integer, is_boolean, is_scalar, kind, number, text};

/// How many allowed values a hint lists.
const LISTED: usize = 12;

/// Properties where a path or an address stands for a map until `aws cloudformation package` writes
/// the map. Source: AWS CLI command reference, "cloudformation package".
const PACKAGED: [(&str, &str); 6] = [
    ("AWS::ApiGateway::RestApi", "BodyS3Location"),
    ("AWS::CodeCommit::Repository", "Code/S3"),
    ("AWS::ElasticBeanstalk::ApplicationVersion", "SourceBundle"),
    ("AWS::Lambda::Function", "Code"),
    ("AWS::Lambda::LayerVersion", "Content"),
    ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"),
];

fn is_packaged(scope: &Scope<'_>, value: &Value, path: &Path<'_>) -> bool {
    let pointer = path.pointer();
    let parts: Vec<&str> = pointer.splitn(5, '/').collect();
    let &[_, "Resources", name, "Properties", property] = parts.as_slice() else { return false };
    let kind = scope.resource_type(name);
    value.is_string()
        && !scope.is_unit
        && PACKAGED.iter().any(|known| kind == Some(known.0) && property == known.1)
}

impl Judge<'_, '_> {
    /// Whether the value is of a kind that the schema takes.
    pub(super) fn kind(&mut self, value: &Value, schema: &'static Schema, path: &Path<'_>) -> bool {
        let Some(types) = &schema.types else { return true };
        if types.names().iter().any(|name| is_of(value, name)) {
            return true;
        }
        if is_packaged(self.scope, value, path) {
            self.is_unknown = true;
            return false;
        }
        let wanted: Vec<&str> = types.names().iter().map(|name| in_words(name)).collect();
        let message = match text(value) {
            Some(text) => format!("{} is wanted here, this is `{}`", wanted.join(" or "), shown(&text)),
            None => format!("{} is wanted here, this is {}", wanted.join(" or "), kind(value)),
        };
        self.report.value(&PROPERTY_TYPE, path, message);
        false
    }

    pub(super) fn one_of_values(&mut self, value: &Value, schema: &'static Schema, path: &Path<'_>) {
        let is_same = |allowed: &&Value| equals(value, allowed);
        let is_alike = |allowed: &&Value| equals_in_any_case(value, allowed);
        let breaks = match (&schema.values, &schema.values_of_any_case, &schema.constant) {
            (Some(values), _, _) if !values.iter().any(|allowed| is_same(&allowed)) => values.as_slice(),
            (_, Some(values), _) if !values.iter().any(|allowed| is_alike(&allowed)) => values.as_slice(),
            (_, _, Some(only)) if !is_same(&only) => std::slice::from_ref(only),
            _ => return,
        };
        let given = text(value).map_or_else(|| kind(value).to_owned(), |text| format!("`{}`", shown(&text)));
        let known: Vec<_> = breaks.iter().filter_map(text).collect();
        let name = path.property().unwrap_or("the value");
        let finding = self.report.value(&PROPERTY_VALUE, path, format!("{given} is no value of `{name}`"));
        let few: Vec<&str> = known.iter().take(LISTED).map(|text| &**text).collect();
        let more =
            if known.len() > LISTED { format!(" and {} more", known.len() - LISTED) } else { String::new() };
        let listed = format!("it takes {}{more}", few.join(", "));
        match text(value) {
            Some(text) => finding.nearest(&text, known.iter().map(|text| &**text), &listed),
            None => finding.hint(listed),
        }
    }

    pub(super) fn scalar(&mut self, value: &Value, schema: &'static Schema, path: &Path<'_>) {
        if let Value::String(text) = value {
            self.length(text, schema, path);
        }
        if let Some(number) = number(value) {
            self.range(number, schema, path);
        }
        let Some(text) = text(value) else { return };
        if let Some(pattern) = &schema.pattern
            && !is_found(pattern, &text)
        {
            self.report
                .value(&PROPERTY_PATTERN, path, format!("`{}` does not match the pattern", shown(&text)))
                .hint(format!("it must match {}", shown_pattern(pattern)));
        }
        if let Some(format) = &schema.format
            && value.is_string()
            && let Err(wanted) = formats::check(format, &text, path)
        {
            self.report.value(&PROPERTY_FORMAT, path, format!("`{}` is not {wanted}", shown(&text)));
        }
    }

    fn length(&mut self, text: &str, schema: &'static Schema, path: &Path<'_>) {
        // Counting is not free, and bytes are never fewer than characters.
        let (least, most) = (schema.min_length, schema.max_length);
        if least.is_none() && most.is_none_or(|most| text.len() as u64 <= most) {
            return;
        }
        let length = text.chars().count() as u64;
        let problem = match (least, most) {
            (Some(least), _) if length < least => format!("at least {least} are needed"),
            (_, Some(most)) if length > most => format!("{most} are allowed"),
            _ => return,
        };
        let message = format!("the text has {length} characters, {problem}");
        self.report.value(&PROPERTY_LENGTH, path, message);
    }

    fn range(&mut self, number: f64, schema: &'static Schema, path: &Path<'_>) {
        let as_number = |bound: &Option<Number>| bound.as_ref().and_then(Number::as_f64);
        let bounds = [
            (
                as_number(&schema.minimum),
                "the least is",
                (|given, bound| given < bound) as fn(f64, f64) -> bool,
            ),
            (as_number(&schema.maximum), "the most is", |given, bound| given > bound),
            (as_number(&schema.exclusive_minimum), "it must be more than", |given, bound| given <= bound),
            (as_number(&schema.exclusive_maximum), "it must be less than", |given, bound| given >= bound),
            (as_number(&schema.multiple_of), "it must be a multiple of", |given, step| {
                step > 0.0 && (given / step).fract() != 0.0
            }),
        ];
        for (bound, words, breaks) in bounds {
            if let Some(bound) = bound.filter(|bound| breaks(number, *bound)) {
                self.report.value(
                    &PROPERTY_RANGE,
                    path,
                    format!("{number} is out of range: {words} {bound}"),
                );
            }
        }
    }
}

/// Whether a value is of a JSON type, read the way CloudFormation reads values.
pub(super) fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        "string" => is_scalar(value),
        "number" => !value.is_boolean() && number(value).is_some(),
        "integer" => {
            // A fraction that is written as a number is cut off, as a text it is no whole number.
            !value.is_boolean() && (integer(value).is_some() || value.is_number())
        }
        "boolean" => is_boolean(value),
        _ => true,
    }
}

fn in_words(name: &str) -> &str {
    match name {
        "object" => "a map",
        "array" => "a list",
        "null" => "nothing",
        "string" => "a text",
        "number" => "a number",
        "integer" => "a whole number",
        "boolean" => "true or false",
        other => other,
    }
}

/// Equal, numbers and booleans also to the texts that they are written as.
fn equals(value: &Value, allowed: &Value) -> bool {
    value == allowed
        || match (text(value), text(allowed)) {
            (Some(value), Some(allowed)) => value == allowed,
            _ => false,
        }
}

fn equals_in_any_case(value: &Value, allowed: &Value) -> bool {
    match (text(value), text(allowed)) {
        (Some(value), Some(allowed)) => value.to_lowercase() == allowed.to_lowercase(),
        _ => value == allowed,
    }
}

fn shown_pattern(pattern: &str) -> String {
    if pattern.len() > 120 {
        format!("a pattern of {} characters", pattern.len())
    } else {
        format!("`{pattern}`")
    }
}
