//! What a place has besides the stacks of a plan, asked before the first of them is made.

use std::collections::BTreeMap;

use crate::engine::clouds::Clouds;
use crate::engine::complete::fault;
use crate::engine::lane::{CallError, Lane};
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{Event, EventSink, ObserveError, Stop};
use crate::model::{Outside, OutsideKind, Presence, Quota, QuotaKind, TargetName};
use crate::plan::needed::{Answers, Needed};

/// Asks each target for what is needed there. A question that was not answered is told as such and keeps no
/// other from being asked.
///
/// # Errors
/// See [`ObserveError`]: the run was stopped, or time cannot pass.
pub async fn ask(
    clouds: &Clouds,
    needed: &BTreeMap<TargetName, Needed>,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<BTreeMap<TargetName, Answers>, ObserveError> {
    let questions: Vec<(&TargetName, Vec<Outside>)> = needed
        .iter()
        .flat_map(|(target, needed)| questions(needed).into_iter().map(move |asked| (target, asked)))
        .collect();
    let session = Session::new(clouds, sink, stop, Patience::Short);
    for (target, needed) in needed {
        if let Some(lane) = session.target(target) {
            let message = format!("asking what is there at `{target}`: {}", counted(needed));
            lane.send(Event::Notice { time: lane.now(), instance: None, message });
        }
    }
    let asked = session.run(async {
        let (mut things, mut room) = (Strands::new(session.activity()), Strands::new(session.activity()));
        for (target, asked) in &questions {
            if let Some(lane) = session.target(target) {
                things.push(async move { (*target, asked, lane.call(|port| port.presence(asked)).await) });
            }
        }
        for (target, needed) in needed {
            for kind in needed.room.keys() {
                if let Some(lane) = session.target(target) {
                    room.push(async move { (target, *kind, quota(lane, *kind).await) });
                }
            }
        }
        (things.all().await, room.all().await)
    });
    let (things, room) = asked.await.map_err(|source| fault("primary", source))?;
    let mut answers: BTreeMap<TargetName, Answers> = BTreeMap::new();
    for (target, asked, answer) in things {
        answers.entry(target.clone()).or_default().things.extend(each(asked, told(answer)?));
    }
    for (target, kind, answer) in room {
        answers.entry(target.clone()).or_default().room.insert(kind, told(answer)?);
    }
    Ok(answers)
}

/// The things, as many together as one call asks for.
fn questions(needed: &Needed) -> Vec<Vec<Outside>> {
    let mut kinds: BTreeMap<OutsideKind, Vec<Outside>> = BTreeMap::new();
    for thing in needed.things.keys() {
        kinds.entry(thing.kind()).or_default().push(thing.clone());
    }
    kinds
        .into_iter()
        .flat_map(|(kind, things)| things.chunks(kind.at_once()).map(<[_]>::to_vec).collect::<Vec<_>>())
        .collect()
}

async fn quota(lane: &Lane<'_>, kind: QuotaKind) -> Result<Option<Quota>, CallError> {
    let found = lane.call(|port| port.quota(kind)).await?;
    match found {
        Some(Quota { most, used: None }) => {
            let used = Some(lane.list().await?.len() as u64);
            Ok(Some(Quota { most, used }))
        }
        found => Ok(found),
    }
}

/// An answer, or why there is none.
fn told<T>(answer: Result<T, CallError>) -> Result<Result<T, String>, ObserveError> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(CallError::Failed { error, .. }) => Ok(Err(error.to_string())),
        Err(CallError::Stopped) => Err(ObserveError::Stopped),
    }
}

/// The answer for each of several things. One that was left out of it is not answered.
fn each<'a>(
    asked: &'a [Outside],
    answer: Result<Vec<Presence>, String>,
) -> impl Iterator<Item = (Outside, Result<Presence, String>)> + 'a {
    let nothing = || Err("the answer says nothing about it".to_owned());
    let mut answers = match answer {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(why) => vec![Err(why); asked.len()],
    }
    .into_iter();
    asked.iter().map(move |thing| (thing.clone(), answers.next().unwrap_or_else(nothing)))
}

fn counted(needed: &Needed) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for thing in needed.things.keys() {
        *kinds.entry(thing.kind().several()).or_default() += 1;
    }
    let things = kinds.into_iter().map(|(kind, count)| format!("{kind} ({count})"));
    let room = needed.room.keys().map(|kind| format!("room for {}", kind.several()));
    things.chain(room).collect::<Vec<_>>().join(", ")
}
