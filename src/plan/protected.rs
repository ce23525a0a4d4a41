//! The named consents that a plan needs before it may be carried out.

use crate::model::{Class, InstanceName, Protection};
use crate::plan::{Cause, Consent, Consequence, Operation, Plan, PlannedAction};

/// A consent that was not given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingConsent<'p> {
    /// The unit it is for.
    pub instance: &'p InstanceName,
    /// What must be consented to.
    pub consent: Consent,
    /// What makes it necessary; never empty.
    pub consequences: Vec<&'p Consequence>,
}

/// The consents that are needed and not given, by instance. Where everything is disposable none are:
/// `--yes` is enough there. Nor are any for a teardown, which keeps by class what it may not delete.
pub fn missing_consents(plan: &Plan) -> Vec<MissingConsent<'_>> {
    if plan.protection == Protection::Disposable || plan.operation == Operation::Teardown {
        return Vec::new();
    }
    let needed = [Consent::AllowReplacement, Consent::DeleteData];
    let missing = plan.actions.iter().flat_map(|action| {
        needed.into_iter().filter(|consent| !action.has_consent(*consent)).map(|consent| MissingConsent {
            instance: &action.instance,
            consent,
            consequences: consequences(action, consent),
        })
    });
    missing.filter(|missing| !missing.consequences.is_empty()).collect()
}

fn consequences(action: &PlannedAction, consent: Consent) -> Vec<&Consequence> {
    action.consequences.iter().filter(|consequence| asks_for(action, consequence) == Some(consent)).collect()
}

/// A resource that holds something and is replaced needs consent even if the old one is kept: the new
/// one is empty. One that is removed needs it if what it holds goes, except in a unit that is
/// declared free to regenerate.
fn asks_for(action: &PlannedAction, consequence: &Consequence) -> Option<Consent> {
    match consequence.cause {
        Cause::Replaced => consequence.starts_empty().then_some(Consent::AllowReplacement),
        Cause::Removed => {
            let is_kept = action.class != Some(Class::Stateless);
            (is_kept && consequence.loses_data()).then_some(Consent::DeleteData)
        }
    }
}
