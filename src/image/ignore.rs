//! `.dockerignore`: which files of a directory are no part of the context.
//!
//! Patterns are relative to the directory, the last one that matches a path or a directory above it
//! decides, and `!` takes back in. Source: Docker's documentation of the build context.

use crate::image::pattern::Pattern;
use crate::model::{Diagnostic, Place};

/// The rules of one file.
#[derive(Clone, Debug, Default)]
pub struct IgnoreRules(Vec<Rule>);

/// Docker lets `**` cross directories inside of a name as well (`**.pem`). What is meant is refused
/// rather than guessed: a pattern that leaves out too little puts a key into an image.
fn whole_directories(pattern: &str) -> Result<(), String> {
    match pattern.split('/').find(|part| part.contains("**") && *part != "**") {
        None => Ok(()),
        Some(part) => {
            Err(format!("`**` stands for whole directories; write `**/{}`", part.replace("**", "*")))
        }
    }
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: Pattern,
    takes_in: bool,
}

impl IgnoreRules {
    /// Reads the bytes of `file`.
    ///
    /// # Errors
    /// A line is no pattern.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, Box<Diagnostic>> {
        let text = std::str::from_utf8(bytes).map_err(|_| {
            Box::new(Diagnostic::error("not-utf8", format!("`{file}` is not UTF-8")).at(Place::file(file)))
        })?;
        // Docker takes a byte order mark away, too.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rules = Vec::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let line = line.trim();
            let (takes_in, pattern) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            let pattern = pattern.trim_start_matches("./").trim_matches('/');
            if pattern.is_empty() || pattern == "." {
                continue;
            }
            match whole_directories(pattern).and_then(|()| Pattern::new(pattern)) {
                Ok(pattern) => rules.push(Rule { pattern, takes_in }),
                Err(why) => {
                    let place = Place::at(file, text, number + 1, 1, line.chars().count());
                    return Err(Box::new(
                        Diagnostic::error("invalid-pattern", format!("`{line}` is no pattern: {why}"))
                            .at(place)
                            .hint("write a backslash before a character that is meant literally"),
                    ));
                }
            }
        }
        Ok(Self(rules))
    }

    /// Whether a file at this path, relative to the directory, is left out.
    pub fn ignores(&self, path: &[u8]) -> bool {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
        let parents: Vec<&[u8]> = ends.chain([path.len()]).map(|end| &path[..end]).collect();
        let deciding = self.0.iter().rev().find(|rule| parents.iter().any(|path| rule.pattern.matches(path)));
        deciding.is_some_and(|rule| !rule.takes_in)
    }

    /// Whether all below this directory is left out, so that nobody needs to look.
    pub fn ignores_all_below(&self, directory: &[u8]) -> bool {
        self.ignores(directory) && !self.0.iter().any(|rule| rule.takes_in)
    }
}
