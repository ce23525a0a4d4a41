//! The one place that knows colours. Code elsewhere uses labels, and never colour alone.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use crate::plan::ActionKind;

/// Whether to colour. The caller decides, from `--color`, `NO_COLOR` and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI escape sequences.
    Always,
}

/// What a piece of text is, as far as its look is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Something new.
    Create,
    /// Something that changes.
    Update,
    /// Something that is deleted and made again.
    Replace,
    /// Something that goes.
    Delete,
    /// It went well.
    Success,
    /// It went wrong.
    Error,
    /// Worth a look.
    Warning,
    /// Advice.
    Hint,
    /// A title or a name that leads.
    Heading,
    /// Of lesser weight.
    Faint,
}

impl From<ActionKind> for Label {
    fn from(action: ActionKind) -> Self {
        match action {
            ActionKind::Create => Self::Create,
            ActionKind::Update => Self::Update,
            ActionKind::Replace => Self::Replace,
            ActionKind::Delete => Self::Delete,
            ActionKind::Keep => Self::Faint,
        }
    }
}

impl Label {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Create | Self::Success => colour(AnsiColor::Green),
            Self::Update | Self::Warning => colour(AnsiColor::Yellow),
            Self::Replace => colour(AnsiColor::Magenta),
            Self::Delete => colour(AnsiColor::Red),
            Self::Error => colour(AnsiColor::Red).bold(),
            Self::Hint => colour(AnsiColor::Cyan),
            Self::Heading => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }
}

/// Paints labelled text, or leaves it plain.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    colour: Colour,
}

impl Palette {
    /// A palette that colours or does not.
    pub fn new(colour: Colour) -> Self {
        Self { colour }
    }

    /// Plain text.
    pub fn plain() -> Self {
        Self::new(Colour::Never)
    }

    /// `text` in the look of `label`.
    pub fn paint(&self, label: Label, text: impl Display) -> String {
        match self.colour {
            Colour::Never => text.to_string(),
            Colour::Always => {
                let style = label.style();
                format!("{style}{text}{style:#}")
            }
        }
    }
}
