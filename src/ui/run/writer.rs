//! A writer that falls silent when nobody reads any more.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// Shared by the tasks of a run. After the first failed write (a closed pipe, a full disk) nothing
/// more is written: what is watched goes on all the same.
pub(super) struct SilentWriter(Mutex<Option<Box<dyn Write + Send>>>);

impl SilentWriter {
    pub(super) fn new(writer: Box<dyn Write + Send>) -> Self {
        Self(Mutex::new(Some(writer)))
    }

    /// Writes one line.
    pub(super) fn line(&self, line: &str) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = held.as_mut() {
            let written = writeln!(writer, "{line}").and_then(|()| writer.flush());
            if written.is_err() {
                *held = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Closed(Arc<AtomicUsize>);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_silent() {
        let attempts = Arc::new(AtomicUsize::new(0));
        let writer = SilentWriter::new(Box::new(Closed(Arc::clone(&attempts))));
        writer.line("one");
        writer.line("two");
        assert_eq!(attempts.load(Ordering::SeqCst), 1);
    }
}
