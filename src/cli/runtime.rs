//! The asynchronous runtime, made only by commands that call a cloud, and the signals that stop a run.

use std::convert::Infallible;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::signals::Listening;
use crate::engine::{Stop, Stopper};

/// Runs `work` to its end. Ctrl-C and SIGTERM pull its stop: once to finish what runs, twice to let go.
pub fn run<T>(work: impl AsyncFnOnce(Stop) -> Result<T, Failure>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(ExitCode::Error, error))?;
    runtime.block_on(async {
        let (stopper, stop) = Stop::new();
        let signals = Signals::listen()?;
        let _listening = Listening::begin();
        tokio::select! {
            result = work(stop) => result,
            never = signals.pull(stopper) => match never {},
        }
    })
}

/// The signals that stop a run.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate })
    }

    /// Turns them into stops, for ever.
    async fn pull(mut self, stopper: Stopper) -> Infallible {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => stopper.stop(),
                _ = self.terminate.recv() => stopper.stop(),
            }
        }
    }
}
