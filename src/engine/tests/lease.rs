//! The lease, in a store in memory whose time passes when somebody sleeps.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::*;
use crate::engine::{LEASE_LASTS, LeaseError, LeaseTerms, take_lease};
use crate::model::{Lease, LeaseHolder};
use crate::port::{LeaseStore, LeaseVersion, PortError, PortErrorKind};

#[derive(Default)]
struct Memory(Mutex<Inside>);

#[derive(Default)]
struct Inside {
    now: Duration,
    object: Option<(Lease, u64)>,
    writes: u64,
    /// From when on every call fails.
    unreachable: Option<Duration>,
    /// A holder that renews while others sleep.
    is_renewed: bool,
}

impl Memory {
    fn call(&self) -> Result<(), PortError> {
        let inside = self.0.lock().unwrap();
        let fails = inside.unreachable.is_some_and(|from| inside.now >= from);
        let failure = || PortError::new(PortErrorKind::Unavailable, "PutObject", "the network is down");
        if fails { Err(failure()) } else { Ok(()) }
    }

    fn passed(&self) -> u64 {
        self.0.lock().unwrap().now.as_secs()
    }

    fn holder(&self) -> Option<String> {
        self.0.lock().unwrap().object.as_ref().and_then(|(lease, _)| Some(lease.holder.clone()?.run))
    }
}

#[async_trait]
impl LeaseStore for Memory {
    async fn read(&self) -> Result<Option<(Lease, LeaseVersion)>, PortError> {
        self.call()?;
        let object = self.0.lock().unwrap().object.clone();
        Ok(object.map(|(lease, version)| (lease, LeaseVersion(version.to_string()))))
    }

    async fn write(
        &self,
        lease: &Lease,
        over: Option<&LeaseVersion>,
    ) -> Result<Option<LeaseVersion>, PortError> {
        self.call()?;
        // Others may get in between.
        tokio::task::yield_now().await;
        let mut inside = self.0.lock().unwrap();
        let current = inside.object.as_ref().map(|(_, version)| LeaseVersion(version.to_string()));
        if current.as_ref() != over {
            return Ok(None);
        }
        inside.writes += 1;
        let version = inside.writes;
        inside.object = Some((lease.clone(), version));
        Ok(Some(LeaseVersion(version.to_string())))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::task::yield_now().await;
        let mut inside = self.0.lock().unwrap();
        inside.now += duration;
        if inside.is_renewed {
            inside.writes += 1;
            let version = inside.writes;
            if let Some(object) = inside.object.as_mut() {
                object.0.renewals += 1;
                object.1 = version;
            }
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.0.lock().unwrap().now
    }

    fn place(&self) -> String {
        "memory".to_owned()
    }
}

fn lease(run: &str) -> Lease {
    let holder = LeaseHolder {
        run: run.to_owned(),
        command: "deploy".to_owned(),
        host: "anvil".to_owned(),
        machine: "machine".to_owned(),
        process: 4711,
        since: Timestamp::UNIX_EPOCH,
    };
    let (project, environment) = ("fieldbook".parse().unwrap(), "demo".parse().unwrap());
    Lease { schema: 1, project, environment, holder: Some(holder), renewals: 0 }
}

async fn take(
    store: &Arc<Memory>,
    run: &str,
    terms: &LeaseTerms,
    is_dead: bool,
) -> Result<crate::engine::HeldLease, LeaseError> {
    let (recorder, stop) = (Recorder::default(), Stop::never());
    take_lease(store.clone(), lease(run), terms, |_| is_dead, (&recorder, &stop)).await
}

fn plain() -> LeaseTerms {
    LeaseTerms::default()
}

#[tokio::test]
async fn of_two_that_begin_at_once_exactly_one_wins() {
    for _ in 0..50 {
        let store = Arc::new(Memory::default());
        let terms = plain();
        store.0.lock().unwrap().is_renewed = true;
        let (one, other) =
            tokio::join!(take(&store, "one", &terms, false), take(&store, "other", &terms, false));
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
        let error = one.and(other).err().unwrap().to_string();
        assert!(error.contains("(process 4711 on anvil, run o"), "{error}");
        assert!(error.contains("since 1970-01-01T00:00:00Z"), "{error}");
    }
}

#[tokio::test]
async fn it_is_given_back_and_taken_again() {
    let store = Arc::new(Memory::default());
    for run in ["one", "two", "three"] {
        take(&store, run, &plain(), false).await.unwrap().release().await.unwrap();
        assert_eq!((store.holder(), store.passed()), (None, 0));
    }
}

#[tokio::test]
async fn it_is_given_back_although_a_renewal_was_cut_off() {
    let store = Arc::new(Memory::default());
    let held = take(&store, "one", &plain(), false).await.unwrap();
    // As it is when the last renewal was written and its answer never came.
    let (found, version) = store.read().await.unwrap().unwrap();
    store.write(&Lease { renewals: 1, ..found }, Some(&version)).await.unwrap();
    held.release().await.unwrap();
    assert_eq!(store.holder(), None);
}

#[tokio::test]
async fn a_dead_process_of_this_machine_is_succeeded_at_once() {
    let store = Arc::new(Memory::default());
    drop(take(&store, "dead", &plain(), false).await.unwrap());
    take(&store, "next", &plain(), true).await.unwrap();
    assert_eq!((store.holder().as_deref(), store.passed()), (Some("next"), 0));
}

#[tokio::test]
async fn a_holder_elsewhere_that_renews_no_more_is_waited_for_as_long_as_a_lease_lasts() {
    let store = Arc::new(Memory::default());
    drop(take(&store, "dead", &plain(), false).await.unwrap());
    take(&store, "next", &plain(), false).await.unwrap();
    assert_eq!((store.holder().as_deref(), store.passed()), (Some("next"), LEASE_LASTS.as_secs()));
}

#[tokio::test]
async fn a_holder_that_renews_is_told_of_or_waited_for() {
    let store = Arc::new(Memory::default());
    drop(take(&store, "alive", &plain(), false).await.unwrap());
    store.0.lock().unwrap().is_renewed = true;
    let Err(LeaseError::Held { holder }) = take(&store, "next", &plain(), false).await else { panic!() };
    assert_eq!((holder.run.as_str(), store.passed() < 30), ("alive", true));
    let patient = LeaseTerms { patience: Duration::from_secs(600), ..plain() };
    let Err(LeaseError::Held { .. }) = take(&store, "next", &patient, false).await else { panic!() };
    assert!((600..640).contains(&store.passed()), "{}", store.passed());
}

#[tokio::test]
async fn it_is_broken_only_by_the_name_of_its_run() {
    let store = Arc::new(Memory::default());
    drop(take(&store, "alive", &plain(), false).await.unwrap());
    store.0.lock().unwrap().is_renewed = true;
    let other = LeaseTerms { broken: Some("another".to_owned()), ..plain() };
    assert!(take(&store, "next", &other, false).await.is_err());
    store.0.lock().unwrap().is_renewed = false;
    let this = LeaseTerms { broken: Some("alive".to_owned()), ..plain() };
    let held = take(&store, "next", &this, false).await.unwrap();
    assert_eq!(held.broken.unwrap().run, "alive");
}

#[tokio::test]
async fn its_loss_is_noticed_and_what_is_another_runs_is_left_alone() {
    let store = Arc::new(Memory::default());
    let first = take(&store, "first", &plain(), false).await.unwrap();
    let broken = LeaseTerms { broken: Some("first".to_owned()), ..plain() };
    let _second = take(&store, "second", &broken, false).await.unwrap();
    let why = first.keep().await;
    assert!(first.is_lost() && why.contains("run second"), "{why}");
    first.release().await.unwrap();
    assert_eq!(store.holder().as_deref(), Some("second"));
}

#[tokio::test]
async fn one_that_cannot_be_renewed_is_lost_before_another_may_take_it() {
    let store = Arc::new(Memory::default());
    let held = take(&store, "first", &plain(), false).await.unwrap();
    store.0.lock().unwrap().unreachable = Some(Duration::from_secs(40));
    let why = held.keep().await;
    assert!(why.contains("the network is down"), "{why}");
    // Renewed last at 30 seconds: nobody may take it before 90.
    assert!(store.passed() < 90, "{}", store.passed());
}

#[tokio::test]
async fn another_environments_is_refused() {
    let store = Arc::new(Memory::default());
    let other = Lease { environment: "staging".parse().unwrap(), ..lease("theirs") };
    store.write(&other, None).await.unwrap();
    let error = take(&store, "ours", &plain(), true).await.err().unwrap();
    assert_eq!(error.to_string(), "the lease `memory` belongs to `staging` of project `fieldbook`");
    assert_eq!(store.holder().as_deref(), Some("theirs"));
}
