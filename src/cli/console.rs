//! The two streams: results go to standard output, everything else to standard error. A closed
//! pipe ends the output silently.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::json;

use crate::cli::args::{ColorChoice, Global, OutputFormat};
use crate::cli::environment::Surroundings;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::{Failure, Problem};
use crate::engine::{Operation, Outcome};
use crate::model::{Diagnostics, EnvironmentName};
use crate::plan::Plan;
use crate::ui::plan_view::{self, Detail};
use crate::ui::{Colour, Label, Palette, SCHEMA, error, error_json, fold, outcome_view};

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
    /// Columns of the terminal.
    pub columns: usize,
    /// Whether results, and whether everything else, are broken at words where they are wider than that.
    pub folds: (bool, bool),
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
            columns: surroundings.columns,
            folds: (surroundings.stdout_is_terminal, surroundings.stderr_is_terminal),
        }
    }

    /// Whether programs read.
    pub fn is_json(&self) -> bool {
        self.format == OutputFormat::Json
    }

    /// Writes a result for people.
    pub fn result(&self, text: &str) -> io::Result<()> {
        self.verbatim(&self.folded(self.folds.0, text))
    }

    fn folded<'t>(&self, folds: bool, text: &'t str) -> Cow<'t, str> {
        if folds { Cow::Owned(fold(text, self.columns)) } else { Cow::Borrowed(text) }
    }

    /// Writes a result as it is. A closed pipe is no error: whoever closed it has seen enough.
    pub fn verbatim(&self, text: &str) -> io::Result<()> {
        let mut stream = io::stdout().lock();
        ignore_closed_pipe(stream.write_all(text.as_bytes()).and_then(|()| stream.flush())).map_err(|error| {
            io::Error::new(error.kind(), format!("could not write to standard output: {error}"))
        })
    }

    /// Writes one JSON document and a line end as the result.
    pub fn document(&self, value: &serde_json::Value) -> io::Result<()> {
        let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
        self.verbatim(&format!("{text}\n"))
    }

    /// Writes something that is not the result: progress, warnings, advice.
    pub fn aside(&self, text: &str) -> io::Result<()> {
        let text = self.folded(self.folds.1, text);
        ignore_closed_pipe(io::stderr().lock().write_all(text.as_bytes()))
    }

    /// As [`Console::aside`], unless asked to be quiet.
    pub fn progress(&self, text: &str) -> io::Result<()> {
        if self.quiet { Ok(()) } else { self.aside(text) }
    }

    /// Colours for results.
    pub fn palette_out(&self) -> Palette {
        palette(self.color_out)
    }

    /// Colours for progress and errors.
    pub fn palette_err(&self) -> Palette {
        palette(self.color_err)
    }

    /// How much of a plan or a run is shown.
    pub fn detail(&self) -> Detail {
        if self.verbose { Detail::Verbose } else { Detail::Normal }
    }

    /// Shows warnings of the source, which `check` tells as well: not to who asks for quiet.
    pub fn diagnostics(&self, diagnostics: &Diagnostics) -> io::Result<()> {
        if self.quiet { Ok(()) } else { self.warnings(diagnostics) }
    }

    /// Shows warnings about this run, which nothing else tells: also to who asks for quiet.
    pub fn warnings(&self, diagnostics: &Diagnostics) -> io::Result<()> {
        if diagnostics.0.is_empty() {
            return Ok(());
        }
        self.aside(&error::diagnostics(diagnostics, &self.palette_err()))
    }

    /// Shows the plan that is about to be carried out.
    pub fn plan(&self, plan: &Plan) -> io::Result<()> {
        if self.is_json() {
            return Ok(());
        }
        self.progress(&plan_view::plan(plan, self.detail(), &self.palette_err()))
    }

    /// Shows how a phase ended.
    pub fn outcome(&self, operation: Operation, name: &EnvironmentName, outcome: &Outcome) -> io::Result<()> {
        if self.is_json() {
            return Ok(());
        }
        self.result(&outcome_view::outcome(operation, name, outcome, &self.palette_out()))
    }

    /// Shows why a command could not go on; gives its exit code. `is_stream`: the command's result is
    /// a stream of events.
    pub fn failure(&self, failure: &Failure, is_stream: bool) -> ExitCode {
        // Nothing can be said to somebody who closed the stream; the exit code still counts.
        let _ = self.aside(&self.told(failure));
        if self.is_json() {
            let _ = self.error_document(failure, is_stream);
        }
        failure.code
    }

    /// The same for programs: a document, or the closing event of a stream.
    fn error_document(&self, failure: &Failure, is_stream: bool) -> io::Result<()> {
        let mut error = match &failure.problem {
            Problem::Source(problems) => error_json::diagnostics(problems),
            Problem::Plan(obstacles) => error_json::plan(obstacles),
            Problem::Chain(chain) => {
                error_json::chain(&**chain, failure.code.word(), failure.hint.as_deref())
            }
        };
        error["exit"] = (failure.code as u8).into();
        if is_stream {
            let event = json!({"event": "error", "schema": SCHEMA, "error": error});
            return self.verbatim(&format!("{event}\n"));
        }
        self.document(&json!({"schema": SCHEMA, "error": error}))
    }

    /// Says what is wrong although the command goes on, and what that means for it.
    pub fn warn(&self, failure: &Failure, so: &str) -> io::Result<()> {
        self.aside(&self.told(failure))?;
        self.aside(&format!("{} {so}\n", self.palette_err().paint(Label::Warning, "warning:")))
    }

    fn told(&self, failure: &Failure) -> String {
        let palette = self.palette_err();
        match &failure.problem {
            Problem::Source(diagnostics) => {
                let hint = error::hint_line(failure.hint.as_deref(), &palette);
                error::diagnostics(diagnostics, &palette) + &hint
            }
            Problem::Plan(obstacles) => error::plan_error(obstacles, &palette),
            Problem::Chain(chain) => error::chain(&**chain, failure.hint.as_deref(), &palette),
        }
    }
}

fn palette(is_coloured: bool) -> Palette {
    Palette::new(if is_coloured { Colour::Always } else { Colour::Never })
}

fn ignore_closed_pipe(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
