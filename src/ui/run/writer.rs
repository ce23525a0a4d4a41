//! A writer that falls silent when nobody reads any more, and remembers when that was no wish.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Shared by the tasks of a run. After the first failed write (a closed pipe, a full disk) nothing
/// more is written: what is watched goes on all the same.
pub(super) struct SilentWriter(Mutex<State>);

enum State {
    Open(Box<dyn Write + Send>),
    /// Somebody closed the pipe: they have seen enough.
    Closed,
    Failed(io::Error),
}

impl SilentWriter {
    pub(super) fn new(writer: Box<dyn Write + Send>) -> Self {
        Self(Mutex::new(State::Open(writer)))
    }

    /// Writes one line.
    pub(super) fn line(&self, line: &str) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(writer) = &mut *held {
            match writeln!(writer, "{line}").and_then(|()| writer.flush()) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => *held = State::Closed,
                Err(error) => *held = State::Failed(error),
            }
        }
    }

    /// Whether everything was written that somebody wanted to read.
    ///
    /// # Errors
    /// The first failure that was no closed pipe; told once.
    pub(super) fn finish(&self) -> io::Result<()> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *held, State::Closed) {
            State::Failed(error) => Err(error),
            other => {
                *held = other;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Fails with this, and counts how often it was asked.
    struct Failing(std::io::ErrorKind, Arc<AtomicUsize>);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            self.1.fetch_add(1, Ordering::SeqCst);
            Err(self.0.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_silent() {
        let attempts = Arc::new(AtomicUsize::new(0));
        let writer =
            SilentWriter::new(Box::new(Failing(std::io::ErrorKind::BrokenPipe, Arc::clone(&attempts))));
        writer.line("one");
        writer.line("two");
        assert_eq!(attempts.load(Ordering::SeqCst), 1);
        assert!(writer.finish().is_ok());
    }

    #[test]
    fn a_full_disk_is_told_at_the_end() {
        let full = Failing(std::io::ErrorKind::StorageFull, Arc::default());
        let writer = SilentWriter::new(Box::new(full));
        writer.line("one");
        assert_eq!(writer.finish().unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    }
}
