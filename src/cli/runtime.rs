//! The asynchronous runtime, made only by commands that call a cloud, and the signals that stop a run.

use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
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
        tokio::select! {
            result = work(stop) => result,
            never = listen(stopper) => match never? {},
        }
    })
}

/// Turns signals into stops, for ever.
async fn listen(stopper: Stopper) -> Result<std::convert::Infallible, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = interrupt.recv() => stopper.stop(),
            _ = terminate.recv() => stopper.stop(),
        }
    }
}
