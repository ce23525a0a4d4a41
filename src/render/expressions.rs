//! What may stand in the expressions of a template, and what they read.

use crate::model::diagnostic::did_you_mean;
use crate::render::names;
use crate::render::prepare::Preparation;
use crate::render::prepared::Read;
use crate::render::scan::{Tag, Word, WordKind};

impl Preparation<'_> {
    /// Looks at every word of the expressions in a tag.
    pub(super) fn expressions(&mut self, tag: &Tag, start: usize) {
        let mut open = Vec::new();
        for (index, word) in tag.words.iter().enumerate().skip(start) {
            match word.kind {
                WordKind::Symbol('[') => open.push(Some(word.range.end)),
                WordKind::Symbol('(' | '{') => open.push(None),
                WordKind::Symbol(']' | ')' | '}') => {
                    open.pop();
                }
                WordKind::Identifier if word.text(self.source) == "for" => {
                    // A list comprehension: `[EXPRESSION for ...`.
                    if let Some(Some(start)) = open.last_mut().map(Option::take) {
                        self.wrap(start, word.range.start, names::COUNTED);
                        self.insert(word.range.start, " ", word.range.clone());
                    }
                }
                WordKind::Identifier => self.identifier(&tag.words, index),
                _ => {}
            }
        }
    }

    fn identifier(&mut self, words: &[Word], index: usize) {
        let (word, name) = (&words[index], words[index].text(self.source));
        let previous = index.checked_sub(1).map_or("", |index| words[index].text(self.source));
        let next = words.get(index + 1).map_or("", |word| word.text(self.source));
        if name == "__tera_context" {
            let message = "`__tera_context` has the values in random order".to_owned();
            self.problem("refused-name", &word.range, message, "name the values you need".to_owned());
        } else if previous == "|" {
            self.filter(word, name);
        } else if next == "(" && !matches!(previous, "." | "?." | "is" | "not") {
            self.function(word, name);
        } else if names::ROOTS.contains(&name) && previous != "." && next == "." && !self.in_component {
            self.read(words, index);
        }
    }

    fn filter(&mut self, word: &Word, name: &str) {
        if names::FILTERS.contains(&name) {
            return;
        }
        if let Some((_, hint)) = names::REFUSED.iter().find(|(refused, _)| *refused == name) {
            return self.problem(
                "refused-filter",
                &word.range,
                format!("the filter `{name}` is not available"),
                (*hint).to_owned(),
            );
        }
        let hint = match did_you_mean(name, names::FILTERS) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are: {}", names::FILTERS.join(", ")),
        };
        self.problem("unknown-filter", &word.range, format!("there is no filter `{name}`"), hint);
    }

    fn function(&mut self, word: &Word, name: &str) {
        let keyword = matches!(name, "if" | "elif" | "in" | "and" | "or" | "not" | "else");
        if keyword || names::FUNCTIONS.contains(&name) {
            return;
        }
        let hint = match did_you_mean(name, names::FUNCTIONS) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are: {}", names::FUNCTIONS.join(", ")),
        };
        self.problem("unknown-function", &word.range, format!("there is no function `{name}`"), hint);
    }

    fn read(&mut self, words: &[Word], index: usize) {
        let Some(attribute) = words.get(index + 2).filter(|word| word.kind == WordKind::Identifier) else {
            return;
        };
        let mut end = index + 3;
        let text = |index: usize| words.get(index).map_or("", |word| word.text(self.source));
        while text(end) == "." {
            end += 2;
        }
        let asks = match (text(end), text(end + 1)) {
            ("is", "defined" | "undefined") | ("|", "default") | ("?.", _) => true,
            ("is", "not") => matches!(text(end + 2), "defined" | "undefined"),
            _ => false,
        };
        if !asks {
            self.prepared.reads.push(Read {
                root: words[index].text(self.source).to_owned(),
                name: attribute.text(self.source).to_owned(),
                range: words[index].range.start..attribute.range.end,
            });
        }
    }
}
