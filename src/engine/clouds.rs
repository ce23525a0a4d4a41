//! The clouds that serve an environment's targets.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use crate::engine::budget::{Budget, Pace};
use crate::model::{EnvironmentName, TargetName};
use crate::port::CloudFormation;

/// CloudFormation in one account and region, with the budget of calls to it.
pub struct Cloud {
    pub(super) port: Arc<dyn CloudFormation>,
    pub(super) pace: Pace,
    pub(super) budget: Mutex<Budget>,
    /// Pages that the last listing of all stacks took.
    pages: AtomicUsize,
}

impl Cloud {
    /// A cloud that is called at `pace`.
    pub fn new(port: Arc<dyn CloudFormation>, pace: Pace) -> Arc<Self> {
        Arc::new(Self { port, pace, budget: Mutex::new(Budget::new(pace)), pages: AtomicUsize::new(1) })
    }

    pub(super) fn pages(&self) -> usize {
        self.pages.load(Ordering::Relaxed)
    }

    pub(super) fn set_pages(&self, pages: usize) {
        self.pages.store(pages, Ordering::Relaxed);
    }
}

/// The clouds of an environment's targets, and of the environments it uses.
///
/// Targets in the same account and region share one [`Cloud`] (the same `Arc`): it is listed once,
/// polled once, and has one budget.
#[derive(Clone, Default)]
pub struct Clouds {
    /// By target of the environment.
    pub targets: BTreeMap<TargetName, Arc<Cloud>>,
    /// By used environment and its target; only read.
    pub used: BTreeMap<EnvironmentName, BTreeMap<TargetName, Arc<Cloud>>>,
}

impl Clouds {
    /// The time by the first target's clock.
    pub fn now(&self) -> Timestamp {
        self.targets.values().next().map_or(Timestamp::UNIX_EPOCH, |cloud| cloud.port.now())
    }

    /// Every cloud once.
    pub(super) fn distinct(&self) -> Vec<Arc<Cloud>> {
        let mut distinct: Vec<Arc<Cloud>> = Vec::new();
        for cloud in self.targets.values().chain(self.used.values().flat_map(BTreeMap::values)) {
            if !distinct.iter().any(|known| Arc::ptr_eq(known, cloud)) {
                distinct.push(Arc::clone(cloud));
            }
        }
        distinct
    }
}
