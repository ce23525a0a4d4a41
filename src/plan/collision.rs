//! Names that something new is to have and that somebody has already: AWS refuses to make it.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::InstanceName;
use crate::plan::naming::{self, Named};
use crate::plan::values::Values;
use crate::plan::{Consent, DeployContext, Obstacle, ObstacleKind, PlannedAction, Reason};

/// Who has a name that something new is to have.
#[derive(Clone, Debug, PartialEq)]
pub enum Holder {
    /// What the teardown before this deploy leaves behind.
    LeftBehind(Named),
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftBehind(left) => {
                write!(formatter, "belongs to {left}, which stays when its stack is deleted")
            }
        }
    }
}

impl Holder {
    /// Decides the exit code.
    pub(super) fn kind(&self) -> ObstacleKind {
        match self {
            Self::LeftBehind(_) => ObstacleKind::Refused,
        }
    }

    /// What to do about it.
    pub(super) fn hint(&self, claim: &Named) -> String {
        let Named { instance, property, .. } = claim;
        match self {
            Self::LeftBehind(left) => {
                let adopt = match claim.is_adoptable {
                    true => format!(
                        "add `{} {instance}`: then it is taken in again, with what it holds. Or ",
                        Consent::Adopt.option()
                    ),
                    false => String::new(),
                };
                let policy = format!(
                    "deploy `{}` with another `DeletionPolicy` first, so that it goes",
                    left.instance
                );
                let text = format!("{adopt}give it another {property}, or {policy}. Nothing was torn down");
                text
            }
        }
    }
}

/// The names that cannot be given, once everything was decided.
pub(super) fn obstacles(values: &Values<'_>, context: &DeployContext) -> Vec<Obstacle> {
    let claims = naming::claims(values, context);
    let left = values.observation.left_behind.iter();
    let left: BTreeMap<_, _> = left.map(|left| (left.key(&context.targets), left)).collect();
    let mut obstacles = Vec::new();
    for claim in claims.into_iter().filter(|claim| !is_taken_in(claim, values.decided)) {
        if let Some(left) = left.get(&claim.key(&context.targets)) {
            let holder = Box::new(Holder::LeftBehind(Named::clone(left)));
            obstacles.push(Obstacle::NameTaken { claim: Box::new(claim), holder });
        }
    }
    obstacles
}

/// Whether CloudFormation takes in what has the name, because that was asked for.
fn is_taken_in(claim: &Named, decided: &BTreeMap<InstanceName, PlannedAction>) -> bool {
    let adopts = Reason::Adopts { resource: claim.logical_id.clone(), name: claim.name.clone() };
    decided.get(&claim.instance).is_some_and(|action| action.reasons.contains(&adopts))
}
