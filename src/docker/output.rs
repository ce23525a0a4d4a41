//! What a builder tells while it works: lines for people, the images it makes, why it failed.

use std::collections::{BTreeSet, VecDeque};

use bollard::models::{BuildInfo, BuildInfoAux};

use crate::port::{BuildSecret, BuilderError};

/// Lines that are kept for the case that a step fails.
const LAST: usize = 20;

/// Follows one build.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The step that works.
    step: Option<String>,
    /// What it printed last.
    last: VecDeque<String>,
    /// The beginning of a line.
    rest: String,
    /// Steps that began, of `BuildKit`.
    begun: BTreeSet<String>,
    /// The error of a step, of `BuildKit`.
    failed: Option<String>,
    /// What is not shown: the lines of secrets.
    hidden: Vec<String>,
    /// Every image that was made, the newest last.
    pub(super) made: Vec<String>,
    /// The image that came out.
    pub(super) image: Option<String>,
}

impl Log {
    /// One that shows none of these.
    pub(super) fn hiding(secrets: &[BuildSecret]) -> Self {
        let texts = secrets.iter().map(|secret| String::from_utf8_lossy(&secret.value).into_owned());
        let lines = texts.flat_map(|text| text.lines().map(plain).collect::<Vec<_>>());
        let mut hidden: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
        // A longer one may have a shorter one in it.
        hidden.sort_by_key(|line| std::cmp::Reverse(line.len()));
        Self { hidden, ..Self::default() }
    }

    fn shown(&self, line: String) -> String {
        self.hidden.iter().fold(line, |line, secret| line.replace(secret, "[secret]"))
    }

    /// Takes in a message, and gives the lines in it.
    pub(super) fn take(&mut self, message: BuildInfo) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(text) = message.stream {
            lines = self.text(&text);
            for line in &lines {
                self.classic(line);
            }
        }
        match message.aux {
            Some(BuildInfoAux::Default(id)) => {
                self.made.extend(id.id.clone());
                self.image = id.id;
            }
            Some(BuildInfoAux::BuildKit(status)) => {
                for vertex in status.vertexes {
                    // A step is told of several times: when it is known, when it begins, when it ends.
                    if vertex.started.is_some() && self.begun.insert(vertex.digest) && is_shown(&vertex.name)
                    {
                        lines.push(vertex.name.clone());
                    }
                    if !vertex.error.is_empty() {
                        self.failed = Some(vertex.error);
                        self.step = Some(vertex.name);
                    }
                }
                for log in status.logs {
                    let printed = self.text(&String::from_utf8_lossy(&log.msg));
                    printed.iter().for_each(|line| self.keep(line));
                    lines.extend(printed);
                }
            }
            None => {}
        }
        lines
    }

    /// Whole lines, of text that may end in the middle of one.
    fn text(&mut self, text: &str) -> Vec<String> {
        self.rest.push_str(text);
        let Some(end) = self.rest.rfind('\n') else { return Vec::new() };
        let rest = self.rest.split_off(end + 1);
        let whole = std::mem::replace(&mut self.rest, rest);
        whole.lines().map(plain).filter(|line| !line.is_empty()).map(|line| self.shown(line)).collect()
    }

    /// The classic builder's own lines: `Step 2/3 : RUN ...`, ` ---> IMAGE`.
    fn classic(&mut self, line: &str) {
        if line.starts_with("Step ") && line.contains(" : ") {
            self.step = Some(line.to_owned());
            self.last.clear();
            return;
        }
        let own = line.strip_prefix(" ---> ");
        let is_id = |text: &&str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_base = self.step.as_deref().is_some_and(|step| step.contains(" : FROM "));
        match own.filter(is_id) {
            // The base is somebody's; what follows is ours.
            Some(id) if !is_base => self.made.push(id.to_owned()),
            Some(_) => {}
            None if own.is_none() => self.keep(line),
            None => {}
        }
    }

    fn keep(&mut self, line: &str) {
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back(line.to_owned());
    }

    /// The error of a build that the engine says failed with `message`.
    pub(super) fn failure(&mut self, message: String) -> BuilderError {
        let rest = std::mem::take(&mut self.rest);
        if !rest.trim().is_empty() {
            let rest = self.shown(plain(&rest));
            self.keep(&rest);
        }
        BuilderError::Step {
            step: self.step.take(),
            output: std::mem::take(&mut self.last).into(),
            message: self.failed.take().unwrap_or(message),
        }
    }
}

/// Whether people want to read of a step: not of how the engine takes in the context.
fn is_shown(name: &str) -> bool {
    let own = ["[internal]", "copy /context", "load remote build context"];
    !own.iter().any(|prefix| name.starts_with(prefix))
}

/// A line without what steers a terminal: a program in a build must not rewrite what we print.
fn plain(line: &str) -> String {
    let mut plain = String::new();
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\x1b' => {
                // `ESC [`, numbers, a letter.
                if letters.next() == Some('[') {
                    letters.by_ref().find(|letter| ('@'..='~').contains(letter));
                }
            }
            '\t' => plain.push(' '),
            letter if letter.is_control() => {}
            letter => plain.push(letter),
        }
    }
    plain.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> BuildInfo {
        BuildInfo { stream: Some(text.to_owned()), ..BuildInfo::default() }
    }

    #[test]
    fn the_classic_builder_is_followed() {
        let mut log = Log::default();
        for text in
            ["Step 1/2 : FROM base\n", " ---> 0123456789ab\n", "Step 2/2 : COPY a b\n", " ---> ba98765"]
        {
            log.take(said(text));
        }
        assert_eq!(
            log.take(said("43210\nStep 3/3 : RUN false\n")),
            [" ---> ba9876543210", "Step 3/3 : RUN false"]
        );
        log.take(said(" ---> Running in 0123456789ab\n\x1b[91mno such\x1b[0m\x07\n"));
        log.take(said("thing"));
        assert_eq!(log.made, ["ba9876543210"], "the base is not ours");
        let error = log.failure("returned a non-zero code: 1".to_owned()).to_string();
        assert_eq!(error, "returned a non-zero code: 1\n  in Step 3/3 : RUN false\n    no such\n    thing");
    }
}
