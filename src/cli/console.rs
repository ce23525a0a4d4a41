//! The two streams: results go to standard output, everything else to standard error. A closed
//! pipe ends the output silently.

use std::io::{self, BufRead, Write};

use crate::cli::args::{ColorChoice, Global, OutputFormat};
use crate::cli::environment::Surroundings;

/// How and where to show things.
#[derive(Clone, Debug)]
pub struct Console {
    /// People or programs.
    pub format: OutputFormat,
    /// Whether results may be coloured.
    pub color_out: bool,
    /// Whether progress and errors may be coloured.
    pub color_err: bool,
    /// Whether a view that rewrites itself makes sense.
    pub live: bool,
    /// Whether a person can be asked.
    pub interactive: bool,
    /// Show more.
    pub verbose: bool,
    /// Show no progress.
    pub quiet: bool,
}

impl Console {
    /// Settles flags against surroundings.
    pub fn new(global: &Global, surroundings: &Surroundings) -> Self {
        let color = |is_terminal: bool| match global.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && !surroundings.no_color,
        };
        Self {
            format: global.output,
            color_out: color(surroundings.stdout_is_terminal),
            color_err: color(surroundings.stderr_is_terminal),
            live: surroundings.stderr_is_terminal && global.output == OutputFormat::Human && !global.quiet,
            interactive: surroundings.interactive,
            verbose: global.verbose,
            quiet: global.quiet,
        }
    }

    /// Whether programs read.
    pub fn is_json(&self) -> bool {
        self.format == OutputFormat::Json
    }

    /// Writes a result. A closed pipe is no error: whoever closed it has seen enough.
    pub fn result(&self, text: &str) -> io::Result<()> {
        let mut stream = io::stdout().lock();
        ignore_closed_pipe(stream.write_all(text.as_bytes()).and_then(|()| stream.flush()))
    }

    /// Writes one JSON document and a line end as the result.
    pub fn document(&self, value: &serde_json::Value) -> io::Result<()> {
        let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
        self.result(&format!("{text}\n"))
    }

    /// Writes something that is not the result: progress, warnings, advice.
    pub fn aside(&self, text: &str) -> io::Result<()> {
        ignore_closed_pipe(io::stderr().lock().write_all(text.as_bytes()))
    }

    /// As [`Console::aside`], unless asked to be quiet.
    pub fn progress(&self, text: &str) -> io::Result<()> {
        if self.quiet { Ok(()) } else { self.aside(text) }
    }

    /// Asks a person for a line; `None` when the input ended.
    pub fn ask(&self, question: &str) -> io::Result<Option<String>> {
        self.aside(question)?;
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }
}

fn ignore_closed_pipe(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
