//! The intrinsic functions, one each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::language::evaluate::{EvaluateError, Evaluated, Evaluator};
use crate::language::value::text_of;

type Computed = Result<Value, EvaluateError>;

fn wrong(problem: impl Into<String>) -> EvaluateError {
    EvaluateError::Template(problem.into())
}

/// What a value is, without its text: that may be a secret, or very long.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl Evaluator<'_> {
    /// An argument that must come out as a scalar, as text.
    pub(super) fn text(&self, function: &str, argument: &Value) -> Result<String, EvaluateError> {
        let value = self.value_or_null(argument)?;
        text_of(&value).ok_or_else(|| wrong(format!("{function}: expected a string, not {}", kind(&value))))
    }

    pub(super) fn list(&self, function: &str, argument: &Value) -> Result<Vec<Value>, EvaluateError> {
        match self.value_or_null(argument)? {
            Value::Array(items) => Ok(items),
            other => Err(wrong(format!("{function}: expected a list, not {}", kind(&other)))),
        }
    }

    pub(super) fn get_attribute(&self, argument: &Value) -> Computed {
        let (logical_id, attribute) = match argument {
            Value::String(name) => name.split_once('.').map(|(id, rest)| (id.to_owned(), rest.to_owned())),
            Value::Array(parts) => match &parts[..] {
                [Value::String(id), attribute] => Some((id.clone(), self.text("Fn::GetAtt", attribute)?)),
                [Value::String(name)] => name.split_once('.').map(|(id, rest)| (id.to_owned(), rest.to_owned())),
                _ => None,
            },
            _ => None,
        }
        .ok_or_else(|| wrong("every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"))?;
        self.produced(self.environment.attribute(&logical_id, &attribute)?)
    }

    pub(super) fn join(&self, argument: &Value) -> Computed {
        let Some([Value::String(delimiter), items]) = argument.as_array().map(Vec::as_slice) else {
            return Err(wrong(
                "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined",
            ));
        };
        let texts = self.list("Fn::Join", items)?.iter().map(text_of).collect::<Option<Vec<_>>>();
        let texts = texts.ok_or_else(|| wrong("Fn::Join: every value to be joined must be a string"))?;
        let length = texts.iter().map(|text| text.len() + delimiter.len()).sum();
        self.spend(length)?;
        Ok(Value::String(texts.join(delimiter)))
    }

    pub(super) fn split(&self, argument: &Value) -> Computed {
        let Some([Value::String(delimiter), source]) = argument.as_array().map(Vec::as_slice) else {
            return Err(wrong(
                "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split",
            ));
        };
        if delimiter.is_empty() {
            return Err(wrong("Fn::Split: the delimiter must not be empty"));
        }
        let source = self.text("Fn::Split", source)?;
        self.produced(json!(source.split(delimiter.as_str()).collect::<Vec<_>>()))
    }

    pub(super) fn select(&self, argument: &Value) -> Computed {
        let Some([index, items]) = argument.as_array().map(Vec::as_slice) else {
            return Err(wrong(
                "every Fn::Select object requires two parameters, (1) an index and (2) a list",
            ));
        };
        let index = self.text("Fn::Select", index)?;
        let position: usize =
            index.parse().map_err(|_| wrong(format!("Fn::Select requires an integer index, not {index}")))?;
        let items = self.list("Fn::Select", items)?;
        let missing = || wrong(format!("Fn::Select cannot select nonexistent value at index {position}"));
        items.into_iter().nth(position).ok_or_else(missing)
    }

    pub(super) fn choose(&self, argument: &Value) -> Evaluated {
        let Some([Value::String(condition), holds, otherwise]) = argument.as_array().map(Vec::as_slice)
        else {
            return Err(wrong("Fn::If requires a list argument with three elements"));
        };
        self.value(if self.environment.condition(condition)? { holds } else { otherwise })
    }

    pub(super) fn find_in_map(&self, argument: &Value) -> Evaluated {
        let parts = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        let ([map, first, second] | [map, first, second, _]) = parts else {
            return Err(wrong(
                "every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value",
            ));
        };
        let names = [map, first, second].map(|part| self.text("Fn::FindInMap", part));
        let [map, first, second] = names;
        let (map, first, second) = (map?, first?, second?);
        let found = self.environment.mapping(&map, &first, &second);
        match (found, parts.get(3).and_then(|options| options.get("DefaultValue"))) {
            (Some(value), _) => self.produced(value.clone()).map(Some),
            (None, Some(default)) => self.value(default),
            (None, None) => Err(wrong(format!("Unable to get mapping for {map}::{first}::{second}"))),
        }
    }

    pub(super) fn base64(&self, argument: &Value) -> Computed {
        let text = self.text("Fn::Base64", argument)?;
        self.produced(Value::String(STANDARD.encode(text)))
    }

    pub(super) fn zones(&self, argument: &Value) -> Computed {
        let region = match self.value_or_null(argument)? {
            Value::Null => String::new(),
            other => text_of(&other).ok_or_else(|| wrong("Fn::GetAZs: expected the name of a region"))?,
        };
        self.produced(json!(self.environment.zones(&region)?))
    }

    pub(super) fn import(&self, argument: &Value) -> Computed {
        let name = self.text("Fn::ImportValue", argument)?;
        self.produced(self.environment.import(&name)?)
    }
}
