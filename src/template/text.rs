//! From bytes to a text that can be read, and from marks back to places in files.

use crate::model::{Diagnostic, Diagnostics, Place};
use crate::template::insertion::Insertions;
use crate::template::node::{Mark, Problem};
use crate::template::origin::Origin;

/// The largest template CloudFormation takes, by URL
/// (AWS CloudFormation user guide, "CloudFormation quotas").
pub const MAXIMUM_BYTES: usize = 1_000_000;

/// A template's text, and what is needed to say where something stands in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    /// The file, or the file whose render this is.
    pub(super) file: String,
    pub(super) content: String,
    /// Whether `content` is what `file` was rendered to.
    pub(super) is_rendered: bool,
    /// The values whose tokens stand in `content`.
    pub(super) insertions: Insertions,
}

impl Text {
    /// The place a mark means: in the sources, where `origin` knows it. Values are shown instead of
    /// their tokens.
    pub(super) fn place(&self, mark: Mark, origin: Option<&Origin>) -> Place {
        if mark.line == 0 {
            return Place::file(self.file.as_str());
        }
        let index = mark.line as usize - 1;
        let traced = origin.and_then(|origin| {
            origin.place(&self.content, index, mark.column as usize - 1, mark.width as usize)
        });
        if let Some(place) = traced {
            return place;
        }
        let written = self.content.lines().nth(index).unwrap_or_default();
        let split = written.char_indices().nth(mark.column as usize - 1).map_or(written.len(), |(at, _)| at);
        let (before, after) = written.split_at(split);
        let end = after.char_indices().nth(mark.width as usize).map_or(after.len(), |(at, _)| at);
        let column = self.insertions.display(before).chars().count() + 1;
        let width = self.insertions.display(&after[..end]).chars().count();
        let excerpt = self.insertions.display(written);
        let rest = (excerpt.chars().count() + 1).saturating_sub(column).max(1);
        let (line, width) = (mark.line as usize, width.clamp(1, rest));
        Place { file: self.shown_file(), line, column, width, excerpt, skipped: 0 }.shortened()
    }

    /// The file whose lines `content` has: a render that cannot be traced says so.
    fn shown_file(&self) -> String {
        if !self.is_rendered {
            return self.file.clone();
        }
        format!("{} (rendered)", self.file.strip_suffix(".tera").unwrap_or(&self.file))
    }

    /// The diagnostic of a problem.
    pub(super) fn diagnostic(&self, problem: Problem, origin: Option<&Origin>) -> Diagnostic {
        let message = self.insertions.display(&problem.message);
        let diagnostic = Diagnostic::error(problem.code, message).at(self.place(problem.mark, origin));
        Diagnostic { hint: problem.hint.map(|hint| self.insertions.display(&hint)), ..diagnostic }
    }
}

/// Checks the encoding of a file: UTF-8 without a byte-order mark, lines that end in a line feed,
/// at most [`MAXIMUM_BYTES`]. Editors and checkouts change these silently, and a digest over the
/// text would change with them.
///
/// # Errors
/// One diagnostic that says what to convert.
pub fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Diagnostics> {
    if bytes.len() > MAXIMUM_BYTES {
        let message = format!("the template has {} bytes, CloudFormation takes {MAXIMUM_BYTES}", bytes.len());
        let hint = "split the stack, or move long texts out of the template";
        return Err(Diagnostic::error("template-too-long", message).at(Place::file(file)).hint(hint).into());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(file, bytes, error.valid_up_to()))?;
    if text.starts_with('\u{feff}') {
        return Err(Diagnostic::error("byte-order-mark", "the file starts with a byte-order mark")
            .at(Place::at_offset(file, text, 0, 1))
            .hint(format!("save it as UTF-8 without BOM, or run: sed -i '1s/^\\xEF\\xBB\\xBF//' {file}"))
            .into());
    }
    if let Some(offset) = text.find('\r') {
        return Err(Diagnostic::error("carriage-return", "the file has Windows line ends (CRLF)")
            .at(Place::at_offset(file, text, offset, 1))
            .hint(format!(
                "convert it with: sed -i 's/\\r$//' {file} (and set `* text eol=lf` in .gitattributes)"
            ))
            .into());
    }
    Ok(text)
}

fn not_utf8(file: &str, bytes: &[u8], offset: usize) -> Diagnostics {
    let readable = String::from_utf8_lossy(bytes);
    Diagnostic::error("not-utf8", format!("byte {offset} is not UTF-8"))
        .at(Place::at_offset(file, &readable, offset, 1))
        .hint("save the file as UTF-8")
        .into()
}
