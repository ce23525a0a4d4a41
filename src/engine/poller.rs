//! The one poller of a lane: looks at all watched stacks with as few calls as it can.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::engine::history::History;
use crate::engine::lane::{CallError, Lane};
use crate::engine::strands::Strands;
use crate::engine::watch::{Settled, Verdict};
use crate::model::ObservedStack;

/// The longest pause between two looks at a real cloud.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A look at a cloud that tells its changes, in case it did not.
const SAFETY_LOOK: Duration = Duration::from_secs(3600);

/// Looks at each stack alone while that takes no more calls than this, or than listing all.
const FEW: usize = 2;

/// Polls the lane's watched stacks for ever.
pub(super) async fn poll(lane: &Lane<'_>) {
    let mut pause = Pause::new(lane);
    loop {
        let due = lane.watches().next;
        lane.clock.sleep_as(lane.poller, due).await;
        let stacks = begin(lane);
        let looks = look(lane, &stacks).await;
        let moved = judge(lane, looks).await;
        let mut watches = lane.watches();
        if !watches.entries.is_empty() {
            let next = lane.clock.after(pause.next(moved));
            let next = watches.first_deadline().map_or(next, |deadline| next.min(deadline));
            watches.next = watches.next.min(next);
        }
    }
}

/// The growing pause between looks.
struct Pause {
    first: Option<Duration>,
    current: Duration,
}

impl Pause {
    fn new(lane: &Lane<'_>) -> Self {
        let first = lane.cloud.pace.first_look();
        Self { first, current: first.unwrap_or(SAFETY_LOOK) }
    }

    fn next(&mut self, moved: bool) -> Duration {
        let Some(first) = self.first else { return SAFETY_LOOK };
        self.current = if moved { first } else { (self.current * 3 / 2).min(LONGEST_PAUSE) };
        self.current
    }
}

/// The stacks to look at now: where the cloud tells what changed just those, else all.
fn begin(lane: &Lane<'_>) -> BTreeSet<String> {
    let mut watches = lane.watches();
    watches.next = Timestamp::MAX;
    let news = std::mem::take(&mut watches.news);
    if lane.clock.is_virtual() && !news.is_empty() { news } else { watches.entries.keys().cloned().collect() }
}

async fn look(lane: &Lane<'_>, stacks: &BTreeSet<String>) -> BTreeMap<String, Settled> {
    let alone_is_cheap = lane.clock.is_virtual() || stacks.len() <= lane.cloud.pages().max(FEW);
    if alone_is_cheap {
        return look_alone(lane, stacks).await;
    }
    let Ok(listed) = lane.list().await else { return look_alone(lane, stacks).await };
    let mut looks: BTreeMap<String, Settled> = listed
        .into_iter()
        .filter(|stack| stacks.contains(&stack.id))
        .map(|stack| (stack.id.clone(), Ok(Some(stack))))
        .collect();
    // A deleted stack is not listed any more, and one just created not yet.
    let rest: BTreeSet<String> = stacks.iter().filter(|stack| !looks.contains_key(*stack)).cloned().collect();
    looks.extend(look_alone(lane, &rest).await);
    looks
}

async fn look_alone(lane: &Lane<'_>, stacks: &BTreeSet<String>) -> BTreeMap<String, Settled> {
    let mut strands = Strands::new(lane.clock.activity());
    for stack in stacks {
        strands.push(async move { (stack, lane.call(move |port| port.describe_stack(stack)).await) });
    }
    let looks = strands.all().await;
    looks
        .into_iter()
        .filter_map(|(stack, look)| match look {
            Ok(found) => Some((stack.clone(), Ok(found))),
            Err(CallError::Failed { error, .. }) => Some((stack.clone(), Err(error))),
            Err(CallError::Stopped) => None,
        })
        .collect()
}

/// Wakes who waited for what has settled and fetches events of the rest. Returns whether anything
/// moved.
async fn judge(lane: &Lane<'_>, looks: BTreeMap<String, Settled>) -> bool {
    let (now, is_exact) = (lane.now(), lane.clock.is_virtual());
    let mut any = false;
    let mut running: Vec<Arc<History>> = Vec::new();
    {
        let mut watches = lane.watches();
        for (stack, look) in looks {
            let Some(entry) = watches.entries.get_mut(&stack) else { continue };
            match entry.judge(look, now, is_exact) {
                Verdict::Waiting if is_exact => {}
                Verdict::Waiting => running.push(Arc::clone(&entry.history)),
                Verdict::Moved => {
                    any = true;
                    running.push(Arc::clone(&entry.history));
                }
                Verdict::Settled(settled) => {
                    any = true;
                    if let Some(entry) = watches.entries.remove(&stack) {
                        entry.waker.wake(*settled);
                    }
                }
            }
        }
    }
    running.iter().for_each(|history| history.seen_under_way());
    fetch_events(lane, &running).await;
    any
}

/// Progress within running stacks, as far as the budget has room after their statuses.
async fn fetch_events(lane: &Lane<'_>, running: &[Arc<History>]) {
    let mut strands = Strands::new(lane.clock.activity());
    for history in running {
        strands.push(async move {
            if lane.has_room() {
                // Progress is nice to have: the history is read again when the stack has settled.
                drop(history.fetch(lane).await);
            }
        });
    }
    strands.all().await;
}

impl Lane<'_> {
    /// All stacks that are not deleted, page by page.
    pub(super) async fn list(&self) -> Result<Vec<ObservedStack>, CallError> {
        let (mut stacks, mut pages) = (Vec::new(), 0);
        let mut next: Option<String> = None;
        loop {
            let from = next.clone();
            let page = self.call(|port| port.describe_stacks(from.as_deref())).await?;
            pages += 1;
            stacks.extend(page.items);
            next = page.next;
            if next.is_none() {
                self.cloud.set_pages(pages);
                return Ok(stacks);
            }
        }
    }
}
