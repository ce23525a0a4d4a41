//! The text of one file of the project, and positions in it.

use std::fmt;
use std::sync::Arc;

use crate::model::{Diagnostic, Diagnostics, Place};

/// Longest file of our own formats, in bytes: a lock of 50,000 facts.
const LIMIT: usize = 8 << 20;

/// The text of one file.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    file: String,
    text: String,
}

impl Source {
    /// Reads the bytes of `file` as text.
    ///
    /// # Errors
    /// The file is too long, is not UTF-8, starts with a byte order mark, or has Windows line ends.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Arc<Self>, Diagnostics> {
        if bytes.len() > LIMIT {
            let message = format!("`{file}` has {} bytes, the limit is {LIMIT}", bytes.len());
            return Err(Diagnostic::error("file-too-long", message).at(Place::file(file)).into());
        }
        let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(file, bytes, error))?;
        if text.starts_with('\u{feff}') {
            return Err(Diagnostic::error(
                "byte-order-mark",
                format!("`{file}` starts with a byte order mark"),
            )
            .at(Place::at(file, "", 1, 1, 1))
            .hint("save the file as UTF-8 without a byte order mark")
            .into());
        }
        if let Some(offset) = text.find('\r') {
            return Err(Diagnostic::error("carriage-return", format!("`{file}` has a carriage return"))
                .at(Place::at_offset(file, text, offset, 1))
                .hint(format!(
                    "use line feeds only: `sed -i 's/\\r$//' {file}`, and `* text=auto eol=lf` in `.gitattributes`"
                ))
                .into());
        }
        Ok(Arc::new(Self { file: file.to_owned(), text: text.to_owned() }))
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The position at `line` and `column`, both counted from 1.
    pub fn position(self: &Arc<Self>, line: usize, column: usize, width: usize) -> Position {
        Position { source: Arc::clone(self), line, column, width }
    }
}

fn not_utf8(file: &str, bytes: &[u8], error: std::str::Utf8Error) -> Diagnostics {
    let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
    let text = format!("{valid}\u{fffd}");
    Diagnostic::error("not-utf8", format!("`{file}` is not UTF-8"))
        .at(Place::at_offset(file, &text, valid.len(), 1))
        .hint("save the file as UTF-8, for example `iconv -f ISO-8859-1 -t UTF-8`")
        .into()
}

/// A position in a file. Cheap to copy; becomes a [`Place`] with its excerpt only when shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Position {
    source: Arc<Source>,
    line: usize,
    column: usize,
    width: usize,
}

impl Position {
    /// The place, with the line it is on.
    pub fn place(&self) -> Place {
        Place::at(self.source.file.as_str(), &self.source.text, self.line, self.column, self.width)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.source.file, self.line, self.column)
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub position: Position,
}

impl<T> Located<T> {
    /// An error about this value.
    pub fn error(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(self.position.place())
    }
}
