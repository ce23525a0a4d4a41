//! What may stand in the expressions of a template, and what they read.

use crate::model::diagnostic::did_you_mean;
use crate::render::prepare::Preparation;
use crate::render::prepared::Read;
use crate::render::scan::{Tag, Word, WordKind};
use crate::render::{costs, names};

/// Words that are neither names nor calls.
const KEYWORDS: [&str; 9] = ["if", "elif", "else", "in", "and", "or", "not", "is", "for"];

/// A bracket that is open, and the list comprehension in it.
struct Bracket {
    /// Where it opened, with the word before it.
    symbol: char,
    start: usize,
    after: Option<usize>,
    /// `for` was read in it.
    is_comprehension: bool,
    /// Where its condition starts.
    condition: Option<usize>,
}

impl Preparation<'_> {
    /// Looks at every word of the expressions in a tag.
    pub(super) fn expressions(&mut self, tag: &Tag, start: usize) {
        let heavy = self.is_heavy(tag);
        let cost = costs::own(tag).max(tag.whole.len());
        let mut open: Vec<Bracket> = Vec::new();
        let mut binds = tag.words.first().is_some_and(|word| !tag.prints && word.text(self.source) == "for");
        for (index, word) in tag.words.iter().enumerate().skip(start) {
            match word.kind {
                WordKind::Symbol(symbol @ ('[' | '(' | '{')) => open.push(Bracket {
                    symbol,
                    start: word.range.end,
                    after: index.checked_sub(1),
                    is_comprehension: false,
                    condition: None,
                }),
                WordKind::Symbol(']' | ')' | '}') => {
                    if let Some(condition) = open.pop().and_then(|bracket| bracket.condition) {
                        self.count_turns(condition, word.range.start, cost);
                    }
                }
                WordKind::Identifier => match (word.text(self.source), open.last_mut()) {
                    // A list comprehension: `[EXPRESSION for ... in ... if ...]`.
                    ("for", Some(bracket)) if bracket.symbol == '[' && !bracket.is_comprehension => {
                        bracket.is_comprehension = true;
                        let (from, to) = (bracket.start, word.range.start);
                        self.count_turns(from, to, cost);
                        binds = true;
                    }
                    ("if", Some(bracket)) if bracket.is_comprehension => {
                        bracket.condition = Some(word.range.end);
                    }
                    ("in", _) => binds = false,
                    _ if binds => {}
                    _ => {
                        self.identifier(&tag.words, index);
                        if heavy && self.is_argument(tag, &open) {
                            self.weigh(tag, index);
                        }
                    }
                },
                _ => {}
            }
        }
    }

    /// Counts each time the expression between two places is evaluated.
    fn count_turns(&mut self, start: usize, end: usize, cost: usize) {
        self.insert(start, " (", start..end);
        self.insert(end, format!(")|{}(cost={cost}) ", names::COUNTED), start..end);
    }

    /// Whether the tag has anything whose work grows with values, besides filters.
    fn is_heavy(&self, tag: &Tag) -> bool {
        tag.words.iter().any(|word| match (word.kind, word.text(self.source)) {
            (WordKind::Symbol('~' | '<' | '>' | '!' | ':'), _) => true,
            (WordKind::Symbol(_), text) => matches!(text, "==" | "..."),
            (WordKind::Identifier, text) => matches!(text, "in" | "is"),
            _ => false,
        })
    }

    /// In the call of a component only what stands in `name={...}` is an expression.
    fn is_argument(&self, tag: &Tag, open: &[Bracket]) -> bool {
        let is_call = tag.words.first().is_some_and(|word| word.is('<'));
        let is_given = |bracket: &Bracket| {
            let before = bracket.after.and_then(|index| tag.words.get(index));
            bracket.symbol == '{' && before.is_some_and(|word| word.text(self.source) == "=")
        };
        !is_call || open.iter().any(is_given)
    }

    /// Counts the size of a value that is read, unless the template asks whether it is there.
    fn weigh(&mut self, tag: &Tag, index: usize) {
        let words = &tag.words;
        let text = |index: usize| words.get(index).map_or("", |word| word.text(self.source));
        let previous = index.checked_sub(1).map_or("", text);
        let is_name = matches!(text(index), "true" | "false" | "none" | "True" | "False" | "None")
            || KEYWORDS.contains(&text(index))
            || matches!(
                previous,
                "." | "?." | "|" | "is" | "block" | "endblock" | "set" | "set_global" | "filter"
            )
            || (previous == "not" && index > 1 && text(index - 2) == "is")
            || matches!(text(index + 1), "(" | "=")
            || (text(index + 1) == ":" && matches!(previous, "{" | ","));
        if is_name {
            return;
        }
        let mut end = index + 1;
        loop {
            match text(end) {
                "." => end += 2,
                "[" => match closing(words, end) {
                    Some(closing) => end = closing + 1,
                    None => return,
                },
                _ => break,
            }
        }
        let asks = match text(end) {
            "is" => {
                matches!(text(end + 1), "defined" | "undefined")
                    || (text(end + 1) == "not" && matches!(text(end + 2), "defined" | "undefined"))
            }
            "|" => text(end + 1) == "default",
            optional => matches!(optional, "?." | "?["),
        };
        if let (false, Some(last)) = (asks, words.get(end - 1)) {
            let joins = words.iter().filter(|word| word.is('~')).count();
            let path = words[index].range.start..last.range.end;
            self.insert(path.start, "(", path.clone());
            self.insert(path.end, format!("|{}(times={}))", names::WEIGHED, joins + 1), path);
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

    pub(super) fn filter(&mut self, word: &Word, name: &str) {
        if names::FILTERS.contains(&name) {
            let counting = names::counting(name);
            return self.replace(word.range.clone(), counting);
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
        if KEYWORDS.contains(&name) || names::FUNCTIONS.contains(&name) {
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

/// The bracket that closes the one at `start`.
fn closing(words: &[Word], start: usize) -> Option<usize> {
    let mut depth = 0;
    for (index, word) in words.iter().enumerate().skip(start) {
        match word.kind {
            WordKind::Symbol('[' | '(' | '{') => depth += 1,
            WordKind::Symbol(']' | ')' | '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(index);
        }
    }
    None
}
