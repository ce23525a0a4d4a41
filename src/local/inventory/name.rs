//! Names that a template gives and that only one thing can have.

use crate::local::place::Place;
use crate::local::resource::{CustomName, Resource, custom_name};

/// A name within the reach in which it must be unique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Where nobody else can have it.
    reach: String,
    /// A network, a cluster: what there can be only one of that name in.
    within: String,
    resource_type: String,
    /// The name.
    pub text: String,
}

impl Name {
    /// The name the template gives a resource; `None` for generated names, which never collide.
    pub fn of(place: &Place, resource: &Resource) -> Option<Self> {
        let CustomName { text, within } = custom_name(&resource.resource_type, &resource.properties)?;
        let reach = reach(place, &resource.resource_type);
        Some(Self { reach, within, resource_type: resource.resource_type.clone(), text })
    }
}

/// Where a name is unique. Sources: Amazon S3 user guide, "General purpose bucket naming rules" (the
/// partition); IAM user guide, "IAM and AWS STS quotas" (the account); everything else is regional.
fn reach(place: &Place, resource_type: &str) -> String {
    match resource_type {
        "AWS::S3::Bucket" => place.partition().to_owned(),
        global if global.starts_with("AWS::IAM::") => place.account.to_string(),
        _ => format!("{}/{}", place.account, place.region),
    }
}
