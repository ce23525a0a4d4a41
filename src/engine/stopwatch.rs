//! How long operations on resources took, read from the events that pass by on their way to a sink.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;

use crate::engine::budget::seconds;
use crate::engine::{Event, EventSink};
use crate::model::{InstanceName, ResourceOperation, ResourceSeconds, StackEvent, StackName};

/// Passes events on and measures.
pub struct Stopwatch<'s> {
    sink: &'s dyn EventSink,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stacks: BTreeMap<InstanceName, StackName>,
    running: BTreeMap<(InstanceName, String), (ResourceOperation, Timestamp)>,
    measured: Vec<ResourceSeconds>,
}

impl<'s> Stopwatch<'s> {
    /// One that passes everything on to `sink`.
    pub fn new(sink: &'s dyn EventSink) -> Self {
        Self { sink, state: Mutex::default() }
    }

    /// What succeeded so far, and how long it took: at most `most` of it, see [`sample`].
    pub fn measured(&self, most: usize) -> Vec<ResourceSeconds> {
        sample(self.state.lock().expect(STATE).measured.clone(), most)
    }
}

impl EventSink for Stopwatch<'_> {
    fn send(&self, event: Event) {
        self.state.lock().expect(STATE).see(&event);
        self.sink.send(event);
    }
}

const STATE: &str = "no one panics while holding the state";

/// The event with which CloudFormation begins to make the successor of a resource is an update by
/// its status. Source: CloudFormation user guide, "Update behaviors of stack resources".
const REPLACES: &str = "requires the creation of a new physical resource";

impl State {
    fn see(&mut self, event: &Event) {
        match event {
            Event::UnitStarted { instance, stack, .. } => {
                self.stacks.insert(instance.clone(), stack.clone());
            }
            Event::Resource { instance, stack_event } => {
                let stack = self.stacks.get(instance);
                if stack.is_some_and(|stack| stack.as_str() != stack_event.logical_id) {
                    self.resource(instance, stack_event);
                }
            }
            _ => {}
        }
    }

    fn resource(&mut self, instance: &InstanceName, event: &StackEvent) {
        let Some(operation) = ResourceOperation::of_status(&event.status) else { return };
        let key = (instance.clone(), event.logical_id.clone());
        if event.status.ends_with("_IN_PROGRESS") {
            let replaces = event.reason.as_deref().is_some_and(|reason| reason.contains(REPLACES));
            let operation = if replaces { ResourceOperation::Create } else { operation };
            self.running.entry(key).or_insert((operation, event.time));
            return;
        }
        let Some((begun, since)) = self.running.remove(&key) else { return };
        // A successor is complete as an update; a roll-back ends what it did not begin.
        let is_same = begun == operation || operation == ResourceOperation::Update;
        if event.status.ends_with("_COMPLETE") && is_same {
            let (instance, resource) = key;
            let resource_type = event.resource_type.clone();
            let seconds = seconds(since, event.time);
            self.measured.push(ResourceSeconds {
                instance,
                resource,
                resource_type,
                operation: begun,
                seconds,
            });
        }
    }
}

/// At most `most` of these. Of each type and operation, as many as there is room for, spread evenly
/// from the quickest to the slowest: quantiles stay what they were.
pub fn sample(measured: Vec<ResourceSeconds>, most: usize) -> Vec<ResourceSeconds> {
    let mut kinds: BTreeMap<(String, ResourceOperation), Vec<ResourceSeconds>> = BTreeMap::new();
    for one in measured {
        kinds.entry((one.resource_type.clone(), one.operation)).or_default().push(one);
    }
    let total = |each: usize| kinds.values().map(|kind| kind.len().min(each)).sum::<usize>();
    let largest = kinds.values().map(Vec::len).max().unwrap_or(0);
    let each = (1..=largest).rev().find(|each| total(*each) <= most).unwrap_or(1);
    let mut sampled = Vec::new();
    for mut kind in kinds.into_values() {
        kind.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
        let count = kind.len().min(each);
        let last = kind.len() - 1;
        let place = |number: usize| if count == 1 { last / 2 } else { number * last / (count - 1) };
        sampled.extend((0..count).map(|number| kind[place(number)].clone()));
    }
    sampled.truncate(most);
    sampled.sort_by(|one, other| (&one.instance, &one.resource).cmp(&(&other.instance, &other.resource)));
    sampled
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::Recorder;
    use crate::plan::ActionKind;

    fn at(second: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_secs(second)
    }

    fn event(second: u64, id: &str, status: &str, reason: Option<&str>) -> Event {
        let stack_event = StackEvent {
            id: format!("{id}-{second}"),
            time: at(second),
            logical_id: id.to_owned(),
            physical_id: None,
            resource_type: "AWS::SNS::Topic".to_owned(),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            token: None,
        };
        Event::Resource { instance: "web".parse().unwrap(), stack_event }
    }

    fn started() -> Event {
        Event::UnitStarted {
            time: at(0),
            instance: "web".parse().unwrap(),
            action: ActionKind::Update,
            stack: "demo-web".parse().unwrap(),
        }
    }

    fn told(measured: &[ResourceSeconds]) -> Vec<String> {
        let line = |one: &ResourceSeconds| {
            format!("{} {} {} {}", one.instance, one.resource, one.operation.as_str(), one.seconds)
        };
        measured.iter().map(line).collect()
    }

    #[test]
    fn successes_are_measured_and_everything_is_passed_on() {
        let recorder = Recorder::default();
        let watch = Stopwatch::new(&recorder);
        let events = [
            started(),
            event(0, "demo-web", "UPDATE_IN_PROGRESS", None),
            event(1, "New", "CREATE_IN_PROGRESS", None),
            event(2, "New", "CREATE_IN_PROGRESS", Some("Resource creation Initiated")),
            event(2, "Changed", "UPDATE_IN_PROGRESS", None),
            event(
                3,
                "Next",
                "UPDATE_IN_PROGRESS",
                Some(&format!("Requested update {REPLACES}; hence creating one.")),
            ),
            event(5, "Changed", "UPDATE_COMPLETE", None),
            event(6, "Broken", "CREATE_IN_PROGRESS", None),
            event(7, "Broken", "CREATE_FAILED", Some("no")),
            event(9, "New", "CREATE_COMPLETE", None),
            event(13, "Next", "UPDATE_COMPLETE", None),
            event(14, "Next", "DELETE_IN_PROGRESS", None),
            event(16, "Next", "DELETE_COMPLETE", None),
            event(20, "demo-web", "UPDATE_COMPLETE", None),
        ];
        events.iter().cloned().for_each(|event| watch.send(event));
        assert_eq!(
            told(&watch.measured(100)),
            ["web Changed update 3", "web New create 8", "web Next create 10", "web Next delete 2"]
        );
        assert_eq!(recorder.events(), events);
    }

    #[test]
    fn a_sample_keeps_the_spread_of_every_type() {
        let one = |resource_type: &str, number: u32| ResourceSeconds {
            instance: "web".parse().unwrap(),
            resource: format!("R{number:03}"),
            resource_type: resource_type.to_owned(),
            operation: ResourceOperation::Create,
            seconds: f64::from(number),
        };
        let all = (0..=100).map(|number| one("Many", number)).chain([one("Rare", 200)]);
        let sampled = sample(all.collect(), 6);
        let seconds: Vec<f64> = sampled.iter().map(|one| one.seconds).collect();
        assert_eq!(seconds, [0.0, 25.0, 50.0, 75.0, 100.0, 200.0]);
        assert_eq!(sample(vec![one("Many", 1), one("Many", 2)], 6).len(), 2);
        assert_eq!(sample((0..9).map(|n| one(&format!("T{n}"), n)).collect(), 6).len(), 6);
    }
}
