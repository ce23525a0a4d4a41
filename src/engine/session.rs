//! One operation's lanes, clocks and pollers, and the loop that drives them beside the work.

use std::sync::Arc;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use crate::engine::clock::Clock;
use crate::engine::clouds::{Cloud, Clouds};
use crate::engine::lane::Lane;
use crate::engine::poller;
use crate::engine::retry::Patience;
use crate::engine::strands::Activity;
use crate::engine::{EventSink, Pace, Stop};
use crate::model::TargetName;
use crate::port::PortError;

/// Everything one operation needs to call its clouds. Serves one [`Session::run`].
pub(super) struct Session<'s> {
    clouds: &'s Clouds,
    lanes: Vec<Lane<'s>>,
    clocks: Vec<Arc<Clock>>,
    activity: Arc<Activity>,
}

impl<'s> Session<'s> {
    pub(super) fn new(clouds: &'s Clouds, sink: &'s dyn EventSink, stop: &Stop, patience: Patience) -> Self {
        let activity = Arc::new(Activity::default());
        let distinct = clouds.distinct();
        let mut session = Self { clouds, lanes: Vec::new(), clocks: Vec::new(), activity };
        for (number, cloud) in distinct.iter().enumerate() {
            let clock = session.clock_of(cloud, &distinct);
            let cloud = Arc::clone(cloud);
            session.lanes.push(Lane::new(number as u64, cloud, clock, sink, stop.clone(), patience));
        }
        session
    }

    /// All virtual clouds share one clock.
    fn clock_of(&mut self, cloud: &Cloud, all: &[Arc<Cloud>]) -> Arc<Clock> {
        let is_virtual = |cloud: &Cloud| cloud.pace == Pace::Virtual;
        let shared = self.clocks.iter().find(|clock| is_virtual(cloud) && clock.is_virtual());
        if let Some(clock) = shared {
            return Arc::clone(clock);
        }
        let ports = if is_virtual(cloud) {
            all.iter().filter(|cloud| is_virtual(cloud)).map(|cloud| Arc::clone(&cloud.port)).collect()
        } else {
            vec![Arc::clone(&cloud.port)]
        };
        let clock = Arc::new(Clock::new(ports, is_virtual(cloud), Arc::clone(&self.activity)));
        self.clocks.push(Arc::clone(&clock));
        clock
    }

    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// One per distinct cloud.
    pub(super) fn lanes(&self) -> &[Lane<'s>] {
        &self.lanes
    }

    /// The lane to one cloud.
    pub(super) fn lane(&self, cloud: &Arc<Cloud>) -> &Lane<'s> {
        self.lanes
            .iter()
            .find(|lane| Arc::ptr_eq(&lane.cloud, cloud))
            .expect("there is a lane for every cloud of the session")
    }

    /// The lane to a target's cloud, if there is one.
    pub(super) fn target(&self, target: &TargetName) -> Option<&Lane<'s>> {
        self.clouds.targets.get(target).map(|cloud| self.lane(cloud))
    }

    /// Does `work` while time passes and stacks are polled.
    ///
    /// # Errors
    /// The port's, when a clock cannot be waited on any more.
    pub(super) async fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, PortError> {
        self.activity.enter();
        for _ in &self.lanes {
            self.activity.enter();
        }
        let mut helpers = FuturesUnordered::new();
        for clock in &self.clocks {
            let report = |stacks: Vec<String>| self.report(clock, &stacks);
            helpers.push(clock.keep(report).boxed());
        }
        let mut pollers: FuturesUnordered<_> = self.lanes.iter().map(poller::poll).collect();
        tokio::select! {
            biased;
            result = work => Ok(result),
            _ = pollers.next(), if !pollers.is_empty() => unreachable!("pollers never end"),
            Some(error) = helpers.next() => Err(error),
        }
    }

    fn report(&self, clock: &Arc<Clock>, stacks: &[String]) {
        for lane in self.lanes.iter().filter(|lane| Arc::ptr_eq(&lane.clock, clock)) {
            lane.changed(stacks);
        }
    }
}
