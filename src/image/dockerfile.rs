//! The text of a Dockerfile and what it holds, with a place for every part. The syntax is read by the
//! crate `parse-dockerfile`; its meaning is worked out in `instructions`.

use std::ops::Range;

use parse_dockerfile::{Dockerfile, Instruction, parse};

use crate::model::{Diagnostic, Place};

/// A part of the text.
pub(crate) type Span = Range<usize>;

/// A problem; boxed, because results that hardly ever hold one should be small.
pub(crate) type Problem = Box<Diagnostic>;

/// A Dockerfile as text.
pub(super) struct Source<'t> {
    file: &'t str,
    pub(super) text: &'t str,
}

impl<'t> Source<'t> {
    /// Reads its bytes.
    pub(super) fn new(file: &'t str, bytes: &'t [u8]) -> Result<Self, Problem> {
        let refuse = |code, message: String, hint: &str| {
            Err(Box::new(Diagnostic::error(code, message).at(Place::file(file)).hint(hint)))
        };
        let Ok(text) = std::str::from_utf8(bytes) else {
            return refuse("not-utf8", format!("`{file}` is not UTF-8"), "save the file as UTF-8");
        };
        if text.starts_with('\u{feff}') {
            let message = format!("`{file}` starts with a byte order mark");
            return refuse("byte-order-mark", message, "save the file as UTF-8 without a byte order mark");
        }
        if text.contains('\r') {
            let message = format!("`{file}` has a carriage return");
            return refuse("carriage-return", message, "use line feeds only");
        }
        Ok(Self { file, text })
    }

    /// An error about a part of the text.
    pub(super) fn error(&self, code: &'static str, span: &Span, message: impl Into<String>) -> Diagnostic {
        let shown = self.text.get(span.clone()).unwrap_or_default();
        let width = shown.lines().next().unwrap_or_default().chars().count();
        Diagnostic::error(code, message).at(Place::at_offset(self.file, self.text, span.start, width))
    }

    /// The same, boxed and with advice.
    pub(super) fn refuse<T>(
        &self,
        code: &'static str,
        span: &Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Result<T, Problem> {
        Err(Box::new(self.error(code, span, message).hint(hint)))
    }

    /// Reads the syntax.
    pub(super) fn parse(&self) -> Result<Dockerfile<'t>, Problem> {
        parse(self.text).map_err(|error| {
            let line = error.line().max(1);
            let text = self.text.lines().nth(line - 1).unwrap_or_default();
            let indent = text.chars().take_while(|letter| letter.is_whitespace()).count();
            let place = Place::at(self.file, self.text, line, indent + 1, text.trim().chars().count().max(1));
            Box::new(
                Diagnostic::error("dockerfile-syntax", format!("{error:#}"))
                    .at(place)
                    .hint("see the Dockerfile reference: https://docs.docker.com/reference/dockerfile/"),
            )
        })
    }
}

/// Whether a text is a Dockerfile at all.
///
/// # Errors
/// What is wrong with it.
pub fn check_syntax(file: &str, bytes: &[u8]) -> Result<(), Problem> {
    Source::new(file, bytes)?.parse().map(|_| ())
}

/// The name of an instruction, and where it is.
pub(crate) fn keyword(instruction: &Instruction<'_>) -> (&'static str, Span) {
    let (name, keyword) = match instruction {
        Instruction::Add(found) => ("ADD", &found.add),
        Instruction::Arg(found) => ("ARG", &found.arg),
        Instruction::Cmd(found) => ("CMD", &found.cmd),
        Instruction::Copy(found) => ("COPY", &found.copy),
        Instruction::Entrypoint(found) => ("ENTRYPOINT", &found.entrypoint),
        Instruction::Env(found) => ("ENV", &found.env),
        Instruction::Expose(found) => ("EXPOSE", &found.expose),
        Instruction::From(found) => ("FROM", &found.from),
        Instruction::Healthcheck(found) => ("HEALTHCHECK", &found.healthcheck),
        Instruction::Label(found) => ("LABEL", &found.label),
        Instruction::Maintainer(found) => ("MAINTAINER", &found.maintainer),
        Instruction::Onbuild(found) => ("ONBUILD", &found.onbuild),
        Instruction::Run(found) => ("RUN", &found.run),
        Instruction::Shell(found) => ("SHELL", &found.shell),
        Instruction::Stopsignal(found) => ("STOPSIGNAL", &found.stopsignal),
        Instruction::User(found) => ("USER", &found.user),
        Instruction::Volume(found) => ("VOLUME", &found.volume),
        Instruction::Workdir(found) => ("WORKDIR", &found.workdir),
        _ => return ("instruction", 0..0),
    };
    (name, keyword.span.clone())
}
