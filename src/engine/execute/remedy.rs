//! What is done about a deletion that failed: interfaces that nothing uses any more are deleted, those that
//! a service is about to let go are waited for, and what was to be left behind is.
//!
//! May touch nothing but what the stack's own networks hold and its services left there.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::engine::Event;
use crate::engine::execute::effect::Asked;
use crate::engine::execute::ending::{Ending, Step};
use crate::engine::execute::unit::Work;
use crate::engine::guests::networks_of;
use crate::engine::lane::CallError;
use crate::engine::resources::listed;
use crate::model::{Effect, Guest, GuestKind, StackResource};
use crate::plan::Consent;

/// How often a deletion is tried again after something was cleared away.
const CLEARED: u32 = 3;

/// Looks at interfaces that are still in use, and the pause between two of them: services let them go
/// within twenty minutes, or not at all.
const LOOKS: u32 = 80;
const PAUSE: Duration = Duration::from_secs(15);

/// With what to delete the stack again: the resources to leave alone. `None` where nothing helps.
pub(super) async fn remedy(
    work: &Work<'_>,
    attempt: u32,
    retained: &BTreeSet<String>,
) -> Step<Option<BTreeSet<String>>> {
    let id = &work.observed().id;
    let resources = listed(work.lane, id).await.map_err(|error| unanswered(work, error))?;
    if attempt <= CLEARED && let_go(work, &resources).await? {
        return Ok(Some(retained.clone()));
    }
    if !work.action.has_consent(Consent::RetainFailed) {
        return Ok(None);
    }
    let failed = resources.iter().filter(|resource| resource.status == "DELETE_FAILED");
    let failed: BTreeSet<String> = failed.map(|resource| resource.logical_id.clone()).collect();
    let again: BTreeSet<String> = retained.union(&failed).cloned().collect();
    if again.len() == retained.len() {
        return Ok(None);
    }
    let names: Vec<&str> = failed.iter().map(String::as_str).collect();
    say(work, format!("left behind because it cannot be deleted: {}", names.join(", ")));
    Ok(Some(again))
}

/// Whether anything in the stack's networks was cleared away, or went by itself.
async fn let_go(work: &Work<'_>, resources: &[StackResource]) -> Step<bool> {
    let standing: Vec<&StackResource> = resources.iter().filter(|resource| !resource.is_gone()).collect();
    let is_network_stuck = standing
        .iter()
        .any(|one| one.status == "DELETE_FAILED" && one.resource_type.starts_with("AWS::EC2::"));
    let networks = networks_of(standing.iter().copied());
    if !is_network_stuck || networks.is_empty() {
        return Ok(false);
    }
    let physical: BTreeSet<String> = standing.iter().filter_map(|one| one.physical_id.clone()).collect();
    let mut has_gone = false;
    let until = work.run.until(work.lane.now());
    for look in 0..LOOKS {
        let guests = work.lane.call(|port| port.guests(&networks)).await;
        let guests = guests.map_err(|error| unanswered(work, error))?;
        let is_interface = |guest: &&Guest| guest.kind == GuestKind::NetworkInterface;
        let ours = guests.iter().filter(is_interface).filter(|guest| guest.is_of(&physical));
        let (free, used): (Vec<&Guest>, Vec<&Guest>) = ours.partition(|guest| guest.is_left_over);
        has_gone |= !free.is_empty();
        for interface in free {
            delete_interface(work, interface).await?;
        }
        let Some(first) = used.first() else { return Ok(has_gone) };
        if look == 0 {
            let Guest { id, about, .. } = first;
            let more = match used.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            say(work, format!("waiting until network interface {id} ({about}){more} is let go"));
        }
        if until.is_some_and(|until| work.lane.now() >= until) {
            say(work, "the time that was given is up".to_owned());
            break;
        }
        has_gone = true;
        work.lane.sleep(PAUSE).await.map_err(|error| unanswered(work, error))?;
    }
    Ok(false)
}

async fn delete_interface(work: &Work<'_>, interface: &Guest) -> Step<()> {
    let (stack, id) = (&work.observed().id, interface.id.as_str());
    let asked = Asked { effect: Effect::DeleteInterface, stack, subject: id };
    let deleted = work.effect(asked, |port| port.delete_interface(id)).await;
    deleted.map_err(|error| unanswered(work, error))?;
    say(work, format!("deleted network interface {id} ({}), which nothing uses any more", interface.about));
    Ok(())
}

fn unanswered(work: &Work<'_>, error: CallError) -> Box<Ending> {
    Box::new(Ending::after_effect(error).of(&work.observed().id))
}

fn say(work: &Work<'_>, message: String) {
    let (time, instance) = (work.lane.now(), Some(work.instance().clone()));
    work.lane.send(Event::Notice { time, instance, message });
}
