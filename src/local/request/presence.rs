//! What is there that others ask for by its name. The embedded cloud has what its stacks made and knows of
//! nothing else: neither of secrets that somebody made by hand, nor of images.

use crate::local::place::Place;
use crate::local::world::World;
use crate::model::{Outside, Presence, Quota, QuotaKind};

/// How many the embedded account takes: so many stacks, and of all else any number.
pub fn quota(world: &World, kind: QuotaKind) -> Option<Quota> {
    (kind == QuotaKind::Stacks).then(|| Quota { most: world.most_stacks() as u64, used: None })
}

/// Whether a stack here made it.
pub fn presence(world: &World, place: &Place, thing: &Outside) -> Presence {
    let (resource_type, name) = match thing {
        Outside::Secret { name, .. } => ("AWS::SecretsManager::Secret", name),
        Outside::Parameter { name, .. } => ("AWS::SSM::Parameter", name),
        Outside::Repository(name) => ("AWS::ECR::Repository", name),
        Outside::MachineImage(_) => return Presence::Unknown,
    };
    let stacks = world.page(place, None, usize::MAX).into_iter();
    let mut made = stacks.flat_map(|stack| stack.resources.values());
    let is_it = made.any(|resource| {
        let given = resource.properties.get("Name").and_then(serde_json::Value::as_str);
        resource.resource_type == resource_type
            && !resource.is_lost()
            && (resource.physical_id == *name || given == Some(name))
    });
    if is_it { Presence::There } else { Presence::Unknown }
}
