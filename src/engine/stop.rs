//! Stopping a run: once lets it finish what it started, twice makes it let go.

use tokio::sync::watch;

/// How far a run is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Run,
    Finish,
    Now,
}

/// Asks a run to stop. Made together with its [`Stop`] by [`Stop::new`].
#[derive(Debug)]
pub struct Stopper(watch::Sender<Level>);

impl Stopper {
    /// The first call lets running work finish and starts nothing more; the second one lets go of
    /// what runs. More calls change nothing.
    pub fn stop(&self) {
        self.0.send_modify(|level| {
            *level = if *level == Level::Run { Level::Finish } else { Level::Now };
        });
    }
}

/// What a run listens to. Cheap to clone; every clone hears the same [`Stopper`].
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<Level>);

impl Stop {
    /// A pair: the one asks, the other is handed to the run.
    pub fn new() -> (Stopper, Self) {
        let (sender, receiver) = watch::channel(Level::Run);
        (Stopper(sender), Self(receiver))
    }

    /// One that nobody can pull.
    pub fn never() -> Self {
        Self::new().1
    }

    /// Whether nothing more may be started.
    pub fn is_finishing(&self) -> bool {
        *self.0.borrow() >= Level::Finish
    }

    /// Returns once nothing more may be started; never when nobody can ask any more.
    pub async fn finishing(&self) {
        self.reached(Level::Finish).await;
    }

    /// Returns once what runs is to be let go; never when nobody can ask any more.
    pub async fn now(&self) {
        self.reached(Level::Now).await;
    }

    async fn reached(&self, wanted: Level) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|level| *level >= wanted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
