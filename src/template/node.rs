//! What both readers make of a text before it gets types: scalars as written, with their marks.

/// Where something stands in the text, in characters, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) width: u32,
}

/// How a scalar was written: only a plain one can be anything but a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Quoted,
}

/// One node of the text.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) mark: Mark,
    /// A YAML tag as written, for example `!Ref`.
    pub(super) tag: Option<String>,
    pub(super) kind: Kind,
}

/// What a node holds.
#[derive(Debug)]
pub(super) enum Kind {
    Scalar(String, Style),
    Sequence(Vec<Node>),
    /// Keys and values in the order of the text; duplicates are still there.
    Mapping(Vec<(Node, Node)>),
}

/// A problem at a mark, before a file name is known.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) mark: Mark,
}

impl Problem {
    pub(super) fn new(code: &'static str, mark: Mark, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, mark }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// How deep lists and maps may nest. CloudFormation's own templates stay far below.
pub(super) const MAXIMUM_DEPTH: usize = 100;

pub(super) fn too_deep(mark: Mark) -> Problem {
    Problem::new("template-too-deep", mark, format!("more than {MAXIMUM_DEPTH} levels of nesting"))
        .hint("flatten this part, or move it into a stack of its own")
}
