//! Names that something new is to have and that somebody has already: AWS refuses to make it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use crate::model::{InstanceName, SealedUnit};
use crate::plan::naming::{self, Named};
use crate::plan::values::Values;
use crate::plan::{Consent, DeployContext, Obstacle, ObstacleKind, PlannedAction, Reason};

/// Who has a name that something new is to have.
#[derive(Clone, Debug, PartialEq)]
pub enum Holder {
    /// What the teardown before this deploy leaves behind.
    LeftBehind(Named),
    /// Something else that is new.
    Wanted(Named),
    /// What stands, and stays as it is.
    Standing(Named),
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftBehind(left) => {
                write!(formatter, "belongs to {left}, which stays when its stack is deleted")
            }
            Self::Wanted(other) => write!(formatter, "is to be that of {other}, too"),
            Self::Standing(other) => write!(formatter, "belongs to {other}"),
        }
    }
}

impl Holder {
    /// Decides the exit code.
    pub(super) fn kind(&self) -> ObstacleKind {
        ObstacleKind::Refused
    }

    /// What to do about it.
    pub(super) fn hint(&self, claim: &Named) -> String {
        let property = &claim.property;
        match self {
            Self::LeftBehind(left) => after_teardown(claim, left),
            Self::Wanted(_) => {
                format!("there can be only one of that name: give one of them another {property}")
            }
            Self::Standing(other) => format!(
                "there can be only one of that name: give it another {property}. If it is to take the place of the other, \
                 deploy `{}` without that one first",
                other.instance
            ),
        }
    }
}

fn after_teardown(claim: &Named, left: &Named) -> String {
    let Named { instance, property, .. } = claim;
    let adopt = match claim.is_adoptable {
        true => format!(
            "add `{} {instance}`: then it is taken in again, with what it holds. Or ",
            Consent::Adopt.option()
        ),
        false => String::new(),
    };
    format!(
        "{adopt}give it another {property}, or deploy `{}` with another `DeletionPolicy` first, so that it goes. \
         Nothing was torn down",
        left.instance
    )
}

/// The names that cannot be given, once everything was decided.
pub(super) fn obstacles(
    values: &Values<'_>,
    desired: &BTreeMap<InstanceName, &SealedUnit>,
    context: &DeployContext,
) -> Vec<Obstacle> {
    let claims = naming::claims(values, context).into_iter();
    let claims: Vec<Named> = claims.filter(|claim| !is_taken_in(claim, values.decided)).collect();
    if claims.is_empty() {
        return Vec::new();
    }
    let key = |named: &Named| named.key(&context.targets);
    let mut holders: BTreeMap<_, Holder> = BTreeMap::new();
    let standing = naming::standing(values, desired, context);
    holders.extend(standing.into_iter().map(|named| (key(&named), Holder::Standing(named))));
    let left = values.observation.left_behind.iter().cloned();
    holders.extend(left.map(|named| (key(&named), Holder::LeftBehind(named))));
    let mut obstacles = Vec::new();
    for claim in claims {
        match holders.entry(key(&claim)) {
            Entry::Occupied(holder) => {
                let holder = Box::new(holder.get().clone());
                obstacles.push(Obstacle::NameTaken { claim: Box::new(claim), holder });
            }
            Entry::Vacant(free) => drop(free.insert(Holder::Wanted(claim))),
        }
    }
    obstacles
}

/// Whether CloudFormation takes in what has the name, because that was asked for.
fn is_taken_in(claim: &Named, decided: &BTreeMap<InstanceName, PlannedAction>) -> bool {
    let adopts = Reason::Adopts { resource: claim.logical_id.clone(), name: claim.name.clone() };
    decided.get(&claim.instance).is_some_and(|action| action.reasons.contains(&adopts))
}
