//! Names that a template gives and that only one thing can have.

use crate::catalogue::{self, Reach};
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

/// Where a name is unique.
fn reach(place: &Place, resource_type: &str) -> String {
    match catalogue::reach(resource_type) {
        Reach::Partition => place.partition().to_owned(),
        Reach::Account => place.account.to_string(),
        Reach::Region => format!("{}/{}", place.account, place.region),
    }
}
