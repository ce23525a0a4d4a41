//! The embedded cloud as it is opened and shared.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::Utf8Path;
use jiff::{SignedDuration, Timestamp};

use crate::local::answers::Answers;
use crate::local::client::Client;
use crate::local::fault::Fault;
use crate::local::place::Place;
use crate::local::store::Store;
use crate::local::world::World;
use crate::model::{AccountId, Region};
use crate::port::{PortError, PortErrorKind};

/// How long a deleted stack can be described. Source: CloudFormation API reference, DescribeStacks
/// and ListStacks.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How to open a cloud.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the virtual clock shows first. A stored clock that is further wins.
    pub now: Timestamp,
    /// Resources that fail on request.
    pub faults: Vec<Fault>,
}

/// The embedded cloud: all accounts and regions, and one virtual clock. Clones share it.
#[derive(Clone, Debug)]
pub struct Cloud {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    store: Option<Arc<Store>>,
    /// Held while a batch is written. Whoever waits for it finds that the writer before took its
    /// changes along, so that calls made side by side cost one write together.
    writing: tokio::sync::Mutex<()>,
}

impl Cloud {
    /// An empty cloud that nobody will remember.
    pub fn in_memory(options: Options) -> Self {
        Self::new(World::new(options.now, options.faults, Vec::new(), Vec::new()), None)
    }

    /// The cloud kept in `directory`, which is made when it is not there. Operations that a process
    /// left under way go on.
    ///
    /// # Errors
    /// `Busy` while another process has it open; `State` when what is stored cannot be read, is
    /// damaged, or is of another format. It is never reset.
    pub fn open(directory: &Utf8Path, options: Options) -> Result<Self, PortError> {
        let (store, loaded) = Store::open(directory)?;
        let clock = loaded.clock.map_or(options.now, |stored| stored.max(options.now));
        let (forgotten, stacks): (Vec<_>, Vec<_>) = loaded.stacks.into_iter().partition(|stack| {
            stack.deleted.is_some_and(|deleted| clock.duration_since(deleted) > REMEMBERED)
        });
        if !forgotten.is_empty() {
            let ids: Vec<_> = forgotten.into_iter().map(|stack| stack.id).collect();
            store.forget(&ids)?;
        }
        Ok(Self::new(World::new(clock, options.faults, stacks, loaded.orphans), Some(Arc::new(store))))
    }

    fn new(world: World, store: Option<Arc<Store>>) -> Self {
        let writing = tokio::sync::Mutex::new(());
        Self { shared: Arc::new(Shared { world: Mutex::new(world), store, writing }) }
    }

    /// Replaces the resources that fail on request: a rehearsal's start must not fail, the rehearsed
    /// operation may.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.world().set_faults(faults);
    }

    /// The requested failures that have not happened.
    pub fn idle_faults(&self) -> Vec<Fault> {
        self.world().idle_faults()
    }

    /// What the world outside answers from now on.
    pub fn set_answers(&self, answers: Answers) {
        self.world().answers = answers;
    }

    /// Whether calls may be throttled, lost or answered with what was: then whoever calls has to
    /// pace itself, and doubt what it reads, as on AWS.
    pub fn answers_badly(&self) -> bool {
        self.world().answers_badly()
    }

    /// CloudFormation of one account in one region.
    pub fn client(&self, account: AccountId, region: Region) -> Client {
        Client::new(self.clone(), Place { account, region })
    }

    /// The state, for a reading or a change that takes no time. A panic elsewhere does not lock it:
    /// the state is stored only after a whole call.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and stores the change before the answer is given.
    pub(super) async fn change<R>(
        &self,
        act: impl FnOnce(&mut World) -> Result<R, PortError>,
    ) -> Result<R, PortError> {
        let answer = act(&mut self.world());
        self.persist().await?;
        answer
    }

    async fn persist(&self) -> Result<(), PortError> {
        let Some(store) = &self.shared.store else { return Ok(()) };
        let _turn = self.shared.writing.lock().await;
        let Some(batch) = self.world().take_batch() else { return Ok(()) };
        let store = Arc::clone(store);
        let written = tokio::task::spawn_blocking(move || (store.commit(&batch), batch)).await;
        match written {
            Ok((Ok(()), _)) => Ok(()),
            Ok((Err(error), batch)) => {
                self.world().give_back(&batch);
                Err(error)
            }
            Err(error) => Err(PortError::new(
                PortErrorKind::State,
                "write the embedded cloud's state",
                error.to_string(),
            )
            .with_source(error)),
        }
    }
}
