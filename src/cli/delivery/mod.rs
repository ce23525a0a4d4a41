//! Brings the images that a plan's stacks refer to where they are pulled from, while the plan is carried
//! out: builds at once, pushes as soon as the repository stands.

mod beforehand;
mod wanted;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::cli::Session;
use crate::cli::delivery::wanted::Wanted;
use crate::cli::delivery::work::Work;
use crate::cli::failure::Failure;
use crate::engine::{Clouds, Event, EventSink, ExecuteOptions, Stop};
use crate::model::{BuiltImage, InstanceName, Repository};
use crate::plan::{Observation, Plan};
use crate::port::{Delivery, NotDelivered};
use crate::release::Assembly;

pub use beforehand::{beforehand, repositories};
pub use wanted::foreseen;

/// The images of one plan on their way.
pub struct Deliveries {
    board: Arc<Board>,
    notices: mpsc::UnboundedReceiver<(InstanceName, String)>,
    tasks: JoinSet<()>,
}

/// What is known of each image.
#[derive(Debug)]
struct Board {
    images: Vec<Posted>,
}

/// One image on the board.
#[derive(Debug)]
struct Posted {
    wanted: Wanted,
    /// Its repository, once that is known.
    repository: watch::Sender<Option<String>>,
    /// How it ended.
    ended: watch::Sender<Option<Result<(), String>>>,
}

impl Deliveries {
    /// Begins with everything that can be done already. Without images nothing is begun.
    pub fn begin(
        session: &Session,
        assembly: &Assembly,
        plan: &Plan,
        seen: &Observation,
        stop: &Stop,
    ) -> Self {
        let images = wanted::wanted(session, assembly, plan, seen).into_iter().map(|wanted| Posted {
            repository: watch::Sender::new(wanted.repository.clone()),
            ended: watch::Sender::new(None),
            wanted,
        });
        let board = Arc::new(Board { images: images.collect() });
        let (sender, notices) = mpsc::unbounded_channel();
        let work = Arc::new(Work::new(session, &assembly.environment, sender));
        let mut tasks = JoinSet::new();
        for number in 0..board.images.len() {
            let (board, work, stop) = (Arc::clone(&board), Arc::clone(&work), stop.clone());
            tasks.spawn(async move {
                let posted = &board.images[number];
                let done = work.deliver(&posted.wanted, posted.repository.subscribe(), &stop).await;
                posted.ended.send_replace(Some(done.map_err(|failure| told(&failure))));
            });
        }
        Self { board, notices, tasks }
    }

    /// The same options, with these deliveries waited for.
    pub fn options(&self, options: ExecuteOptions) -> ExecuteOptions {
        let is_any = !self.board.images.is_empty();
        ExecuteOptions { delivery: is_any.then(|| Arc::clone(&self.board) as Arc<dyn Delivery>), ..options }
    }

    /// Does `work`, and tells how the images come along meanwhile. A build that nobody waits for any more is
    /// ended first: the store keeps what it makes.
    pub async fn beside<T>(
        mut self,
        work: impl Future<Output = T>,
        clouds: &Clouds,
        sink: &dyn EventSink,
    ) -> T {
        let mut work = std::pin::pin!(work);
        let tell = |(instance, message): (InstanceName, String)| {
            let (time, instance) = (clouds.now(), Some(instance));
            sink.send(Event::Notice { time, instance, message });
        };
        let done = loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                Some(notice) = self.notices.recv() => tell(notice),
            }
        };
        // What waits for a repository waits in vain now.
        for posted in &self.board.images {
            if posted.repository.borrow().is_none() {
                posted.repository.send_replace(Some(String::new()));
            }
        }
        loop {
            tokio::select! {
                biased;
                Some(notice) = self.notices.recv() => tell(notice),
                ended = self.tasks.join_next() => if ended.is_none() { return done },
            }
        }
    }
}

/// A failure in one line, with what to do next.
fn told(failure: &Failure) -> String {
    match &failure.hint {
        Some(hint) => format!("{failure} ({hint})"),
        None => failure.to_string(),
    }
}

#[async_trait]
impl Delivery for Board {
    fn stands(&self, instance: &InstanceName, outputs: &BTreeMap<String, String>) {
        for posted in &self.images {
            let Repository::Output(output) = &posted.wanted.built.repository else { continue };
            if output.environment.is_none() && output.instance == *instance {
                match outputs.get(&output.name) {
                    Some(repository) => drop(posted.repository.send_replace(Some(repository.clone()))),
                    None => {
                        let why = format!("the stack `{instance}` has no output `{}`", output.name);
                        posted.ended.send_replace(Some(Err(why)));
                    }
                }
            }
        }
    }

    async fn delivered(&self, image: &BuiltImage) -> Result<(), NotDelivered> {
        let Some(posted) = self.images.iter().find(|posted| posted.wanted.built == *image) else {
            return Ok(());
        };
        let mut ended = posted.ended.subscribe();
        let done = match ended.wait_for(Option::is_some).await {
            Ok(done) => done.clone().unwrap_or(Ok(())),
            Err(_) => Err("nobody works on it any more".to_owned()),
        };
        done.map_err(|why| NotDelivered { image: posted.wanted.image.instance.clone(), why })
    }
}
