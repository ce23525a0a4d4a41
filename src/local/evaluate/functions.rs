//! The intrinsic functions, one each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::local::evaluate::{EvaluateError, Scope};
use crate::local::place::Place;
use crate::local::template::{Piece, pieces, text_of};
use crate::model::Region;

type Computed = Result<Value, EvaluateError>;

fn wrong(problem: impl Into<String>) -> EvaluateError {
    EvaluateError::Template(problem.into())
}

impl Scope<'_> {
    /// An argument that must come out as a scalar, as text.
    pub(super) fn text(&self, function: &str, argument: &Value) -> Result<String, EvaluateError> {
        let value = self.value_or_null(argument)?;
        text_of(&value).ok_or_else(|| wrong(format!("{function}: expected a string, not {value}")))
    }

    fn list(&self, function: &str, argument: &Value) -> Result<Vec<Value>, EvaluateError> {
        match self.value_or_null(argument)? {
            Value::Array(items) => Ok(items),
            other => Err(wrong(format!("{function}: expected a list, not {other}"))),
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
        self.attribute(&logical_id, &attribute)
    }

    pub(super) fn substitute(&self, argument: &Value) -> Computed {
        let (text, variables) = match argument {
            Value::String(text) => (text, None),
            Value::Array(parts) => match &parts[..] {
                [Value::String(text), Value::Object(variables)] => (text, Some(variables)),
                _ => {
                    return Err(wrong(
                        "One or more Fn::Sub intrinsic functions don't specify expected arguments",
                    ));
                }
            },
            _ => {
                return Err(wrong(
                    "One or more Fn::Sub intrinsic functions don't specify expected arguments",
                ));
            }
        };
        let mut result = String::with_capacity(text.len());
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => result.push_str(text),
                Piece::Literal(name) => result.push_str(&format!("${{{name}}}")),
                Piece::Name(name) => {
                    let variable = variables.and_then(|variables| variables.get(name));
                    result.push_str(&self.substituted(name, variable)?);
                }
            }
        }
        Ok(Value::String(result))
    }

    fn substituted(&self, name: &str, variable: Option<&Value>) -> Result<String, EvaluateError> {
        let allowed = |character: char| character.is_ascii_alphanumeric() || "_.:".contains(character);
        if name.is_empty() || !name.chars().all(allowed) {
            return Err(wrong(
                "variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons",
            ));
        }
        let value = match (variable, name.split_once('.')) {
            (Some(variable), _) => self.value_or_null(variable)?,
            (None, Some((logical_id, attribute))) => self.attribute(logical_id, attribute)?,
            (None, None) => self.reference(name)?.unwrap_or_else(|| json!("")),
        };
        text_of(&value).ok_or_else(|| wrong(format!("Fn::Sub: {name} does not resolve to a string")))
    }

    pub(super) fn join(&self, argument: &Value) -> Computed {
        let Some([Value::String(delimiter), items]) = argument.as_array().map(Vec::as_slice) else {
            return Err(wrong(
                "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined",
            ));
        };
        let texts = self.list("Fn::Join", items)?.iter().map(text_of).collect::<Option<Vec<_>>>();
        let texts = texts.ok_or_else(|| wrong("Fn::Join: every value to be joined must be a string"))?;
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
        Ok(json!(self.text("Fn::Split", source)?.split(delimiter.as_str()).collect::<Vec<_>>()))
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

    pub(super) fn choose(&self, argument: &Value) -> Result<Option<Value>, EvaluateError> {
        let Some([Value::String(condition), holds, otherwise]) = argument.as_array().map(Vec::as_slice)
        else {
            return Err(wrong("Fn::If requires a list argument with three elements"));
        };
        self.value(if self.holds(condition)? { holds } else { otherwise })
    }

    pub(super) fn find_in_map(&self, argument: &Value) -> Computed {
        let parts = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        let ([map, first, second] | [map, first, second, _]) = parts else {
            return Err(wrong(
                "every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value",
            ));
        };
        let names = [map, first, second].map(|part| self.text("Fn::FindInMap", part));
        let [map, first, second] = names;
        let (map, first, second) = (map?, first?, second?);
        let found = self.template.mappings.get(&map).and_then(|map| map.get(&first)?.get(&second));
        match (found, parts.get(3).and_then(|options| options.get("DefaultValue"))) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(default)) => self.value_or_null(default),
            (None, None) => Err(wrong(format!("Unable to get mapping for {map}::{first}::{second}"))),
        }
    }

    pub(super) fn base64(&self, argument: &Value) -> Computed {
        Ok(Value::String(STANDARD.encode(self.text("Fn::Base64", argument)?)))
    }

    pub(super) fn zones(&self, argument: &Value) -> Computed {
        let named = match self.value_or_null(argument)? {
            Value::Null => String::new(),
            other => text_of(&other).ok_or_else(|| wrong("Fn::GetAZs: expected the name of a region"))?,
        };
        if named.is_empty() {
            return Ok(json!(self.pseudo.place.zones()));
        }
        let region =
            Region::new(&named).map_err(|_| wrong(format!("Fn::GetAZs: {named} is not a region")))?;
        Ok(json!(Place { region, ..self.pseudo.place.clone() }.zones()))
    }

    pub(super) fn import(&self, argument: &Value) -> Computed {
        let name = self.text("Fn::ImportValue", argument)?;
        let value = self.exports.get(&name).ok_or_else(|| EvaluateError::NoExport(name.clone()))?;
        self.imported.borrow_mut().insert(name);
        Ok(json!(value))
    }
}
