//! Functions as values of properties: the kind of what they give, and what it names.

use serde_json::Value;

use crate::catalogue::{ResourceType, Schema, Types, resource_type};
use crate::language::parameter_type::ParameterType;
use crate::lint::functions::{Call, Function};
use crate::lint::path::Path;
use crate::lint::rules::{PROPERTY_TYPE, SOURCE_KIND};
use crate::lint::schema::attributes;
use crate::lint::schema::judge::Judge;
use crate::lint::scope::{PSEUDO_PARAMETERS, Scope};

/// What a function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gives {
    One,
    List,
    Map,
    /// It depends.
    Anything,
}

const SCALARS: [&str; 4] = ["boolean", "integer", "number", "string"];

/// Attributes whose schema says another kind than what CloudFormation gives.
const NOT_AS_PUBLISHED: [(&str, &str); 2] =
    [("AWS::DocDB::DBCluster", "Port"), ("AWS::SSM::Parameter", "Value")];

impl Judge<'_, '_> {
    /// Judges a call that stands for a value of this schema.
    pub(super) fn source(&mut self, call: Call<'_>, schema: &'static Schema, path: &Path<'_>) {
        let from = origin(self.scope, call);
        self.kind_of_source(call, from, schema, path);
        let (Some(wanted), Some((known, given))) = (&schema.format, from) else { return };
        let formats = formats(self, call, known, given);
        if !formats.contains(&wanted.as_str()) && wanted.contains("::") {
            let is = formats.first().map_or_else(|| "something else".to_owned(), |format| in_words(format));
            let message = format!("{} is wanted here, this is {is}", in_words(wanted));
            self.report.value(&SOURCE_KIND, path, message);
        }
    }

    fn kind_of_source(
        &mut self,
        call: Call<'_>,
        from: Option<Origin>,
        schema: &'static Schema,
        path: &Path<'_>,
    ) {
        let Some(types) = &schema.types else { return };
        let takes = |names: &[&str]| types.names().iter().any(|name| names.contains(&name.as_str()));
        let problem = match self.gives(call, from) {
            Gives::One if !takes(&SCALARS) => "one text",
            Gives::List if !takes(&["array"]) && takes(&SCALARS) => "a list",
            Gives::Map if !takes(&["object"]) => "a map",
            // What an attribute gives is not converted; what is said of parameters is.
            Gives::One if gives_no_text(self.scope, call) && takes_only_text(types) => "no text",
            _ => return,
        };
        let wanted: Vec<&str> = types.names().iter().map(String::as_str).collect();
        let message =
            format!("`{}` gives {problem}, the property is of the type {}", call.key, wanted.join(" or "));
        let finding = self.report.value(&PROPERTY_TYPE, path, message);
        match problem {
            "one text" if takes(&["array"]) => {
                finding.hint("make a list of it with `[ ]`, or use `Fn::Split`")
            }
            "a list" => finding.hint("pick an item with `Fn::Select`, or join the list with `Fn::Join`"),
            _ => {}
        }
    }

    fn gives(&self, call: Call<'_>, from: Option<Origin>) -> Gives {
        match (call.function, call.argument) {
            (
                Function::Base64
                | Function::Sub
                | Function::Join
                | Function::ToJsonString
                | Function::Length
                | Function::ImportValue
                | Function::GetStackOutput,
                _,
            ) => Gives::One,
            (Function::Cidr | Function::Split | Function::GetAzs, _) => Gives::List,
            (Function::Ref, Value::String(name)) => self.reference_gives(name),
            (Function::GetAtt, _) => from.map_or(Gives::Anything, |(_, schema)| kind_of(schema)),
            _ => Gives::Anything,
        }
    }

    fn reference_gives(&self, name: &str) -> Gives {
        if let Some(kind) = self.scope.parameter_type(name) {
            return match kind.parse::<ParameterType>() {
                Ok(kind) if kind.is_list() => Gives::List,
                Ok(_) => Gives::One,
                Err(_) => Gives::Anything,
            };
        }
        match name {
            "AWS::NotificationARNs" => Gives::List,
            "AWS::NoValue" => Gives::Anything,
            _ if PSEUDO_PARAMETERS.contains(&name) => Gives::One,
            // What a custom resource or a macro gives is its own affair.
            _ if self.scope.resource_type(name).is_some_and(|name| resource_type(name).is_some()) => {
                Gives::One
            }
            _ => Gives::Anything,
        }
    }
}

/// The schema of the property that a `Ref` or `Fn::GetAtt` gives.
fn origin(scope: &Scope<'_>, call: Call<'_>) -> Option<Origin> {
    let (resource, attribute) = match (call.function, call.argument) {
        (Function::Ref, Value::String(name)) => (name.as_str(), None),
        (Function::GetAtt, Value::Array(parts)) => (parts.first()?.as_str()?, Some(parts.get(1)?.as_str()?)),
        (Function::GetAtt, Value::String(text)) => {
            let (resource, attribute) = text.split_once('.')?;
            (resource, Some(attribute))
        }
        _ => return None,
    };
    let name = scope.resource_type(resource)?;
    let known = resource_type(name)?;
    let path = match attribute {
        Some(attribute) => attribute.to_owned(),
        None => match known.primary_identifier.as_slice() {
            [only] => only.0.join("."),
            _ => return None,
        },
    };
    if attribute.is_some_and(|attribute| NOT_AS_PUBLISHED.contains(&(name, attribute))) {
        return None;
    }
    Some((known, attributes::schema(known, &path)?))
}

type Origin = (&'static ResourceType, &'static Schema);

fn takes_only_text(types: &Types) -> bool {
    matches!(types.names(), [only] if only == "string")
}

/// Whether a call gives an attribute that is a number or a boolean, and never a text.
pub(in crate::lint) fn gives_no_text(scope: &Scope<'_>, call: Call<'_>) -> bool {
    let from = origin(scope, call).filter(|_| call.function == Function::GetAtt && scope.knows_types);
    let types = from.and_then(|(_, schema)| schema.types.as_ref()).map(Types::names).unwrap_or_default();
    !types.is_empty() && types.iter().all(|name| name != "string" && SCALARS.contains(&name.as_str()))
}

fn kind_of(schema: &Schema) -> Gives {
    let Some(types) = &schema.types else { return Gives::Anything };
    match types.names() {
        [only] if only == "array" => Gives::List,
        [only] if only == "object" => Gives::Map,
        names if names.iter().all(|name| SCALARS.contains(&name.as_str())) => Gives::One,
        _ => Gives::Anything,
    }
}

/// What the given value may name.
fn formats(
    judge: &Judge<'_, '_>,
    call: Call<'_>,
    known: &'static ResourceType,
    given: &'static Schema,
) -> Vec<&'static str> {
    let alternatives = given.any_of.iter().filter_map(|schema| schema.format.as_deref());
    let all: Vec<&str> = given.format.as_deref().into_iter().chain(alternatives).collect();
    // A security group in a VPC is named by its id, any other by its name.
    let is_group =
        all.contains(&"AWS::EC2::SecurityGroup.Id") && all.contains(&"AWS::EC2::SecurityGroup.Name");
    if is_group && call.function == Function::Ref && known.primary_identifier.len() == 1 {
        let name = call.argument.as_str().unwrap_or_default();
        let resource = judge.scope.entry("Resources", name);
        let has_vpc = resource.and_then(|resource| resource.get("Properties")?.get("VpcId")).is_some();
        return vec![if has_vpc { "AWS::EC2::SecurityGroup.Id" } else { "AWS::EC2::SecurityGroup.Name" }];
    }
    all
}

/// `AWS::KMS::Key.Arn` as people say it.
fn in_words(format: &str) -> String {
    match format.rsplit_once('.') {
        Some((name, what)) => format!("the {what} of a `{name}`"),
        None => format!("`{format}`"),
    }
}
