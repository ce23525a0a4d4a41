//! The only place that reads environment variables and the terminal. What is found here steers how
//! things are shown and where the project is looked for, never what is rendered or planned.
#![allow(clippy::disallowed_methods, reason = "this module is the home of these calls")]

use std::io::IsTerminal;

use camino::Utf8PathBuf;

/// What the surroundings say.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Where the command was started; `None` when that is not UTF-8 or gone.
    pub directory: Option<Utf8PathBuf>,
    /// Whether a person can be asked: standard input and standard error are terminals.
    pub interactive: bool,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// `NO_COLOR` is set and not empty (no-color.org).
    pub no_color: bool,
}

impl Surroundings {
    /// Looks around.
    pub fn look() -> Self {
        let stderr_is_terminal = std::io::stderr().is_terminal();
        Self {
            directory: std::env::current_dir().ok().and_then(|path| Utf8PathBuf::from_path_buf(path).ok()),
            interactive: std::io::stdin().is_terminal() && stderr_is_terminal,
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal,
            no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
        }
    }
}
