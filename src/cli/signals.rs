//! Ctrl-C and SIGTERM while no run listens for them: the process ends at once with the exit code of an
//! interruption. Nothing was begun then, or everything has ended.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::cli::exit_code::ExitCode;

/// Whether a signal ends the process. Signals are the process's, and so is this.
static ENDS: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// How many runs listen: a build within a run has signals of its own.
static LISTENING: AtomicUsize = AtomicUsize::new(0);

/// From here on a signal ends the process, in the first instants too.
pub fn install() {
    let ends = ENDS.get_or_init(|| Arc::new(AtomicBool::new(true)));
    for signal in [SIGINT, SIGTERM] {
        let code = i32::from(ExitCode::Interrupted as u8);
        // Where it cannot be installed the system's own answer, to end, is the same but for the code.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(ends));
    }
}

/// A run listens for signals itself until this is dropped.
#[derive(Debug)]
pub struct Listening(());

impl Listening {
    /// From here on signals are the run's.
    pub fn begin() -> Self {
        LISTENING.fetch_add(1, Ordering::SeqCst);
        set(false);
        Self(())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if LISTENING.fetch_sub(1, Ordering::SeqCst) == 1 {
            set(true);
        }
    }
}

fn set(ends: bool) {
    if let Some(flag) = ENDS.get() {
        flag.store(ends, Ordering::SeqCst);
    }
}
