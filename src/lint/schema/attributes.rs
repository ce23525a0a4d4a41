//! Attributes that `Fn::GetAtt` and `${NAME.ATTRIBUTE}` ask for.

use crate::catalogue::{ResourceType, Schema, resource_type};
use crate::lint::path::Path;
use crate::lint::report::{Report, shown};
use crate::lint::rules::UNKNOWN_ATTRIBUTE;
use crate::lint::scope::Scope;

/// Records that a resource has no such attribute, if that is known.
pub(in crate::lint) fn check(
    scope: &Scope<'_>,
    resource: &str,
    attribute: &str,
    path: &Path<'_>,
    report: &mut Report,
) {
    let Some(name) = scope.resource_type(resource).filter(|_| !scope.is_foreign) else { return };
    let Some(known) = resource_type(name) else { return };
    if known.has_attribute(attribute) || attribute.contains("${") {
        return;
    }
    let names: Vec<&str> = known.attributes.iter().map(String::as_str).collect();
    let otherwise = match names.as_slice() {
        [] => format!("`{name}` has no attributes; `!Ref {resource}` is its physical id"),
        few if few.len() <= 12 => format!("it has {}", few.join(", ")),
        _ => "see *Return values* of the type in the CloudFormation template reference".to_owned(),
    };
    report
        .value(
            &UNKNOWN_ATTRIBUTE,
            path,
            format!("a resource of the type `{name}` has no attribute `{}`", shown(attribute)),
        )
        .nearest(attribute, names, &otherwise);
}

/// The schema of what an attribute gives, where a property of the type describes it.
pub(super) fn schema(known: &'static ResourceType, attribute: &str) -> Option<&'static Schema> {
    let mut schema = &known.schema;
    for step in attribute.split('.') {
        schema = known.resolve(schema)?.properties.get(step)?;
    }
    known.resolve(schema)
}
