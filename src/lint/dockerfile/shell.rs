//! The commands in the text of a `RUN`, each word with its place. Reads as much of the shell's language
//! as it takes to see which programs are called with what: quotes, comments, lists, pipes, groups,
//! substitutions. Runs nothing and expands nothing.

use std::ops::Range;

/// A word of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// Without quotes; variables stand as they are written, and `$()` for what a command gives.
    pub(super) text: String,
    /// Where it stands in the Dockerfile.
    pub(super) span: Range<usize>,
    /// Commands whose output is put in here.
    pub(super) inner: Vec<Command>,
}

/// A command of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    /// Whether the next command reads what it writes.
    pub(super) is_piped: bool,
}

/// How a text is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writing {
    /// The character that continues a line.
    pub(super) escape: char,
    /// Whether lines end commands, as in here-documents; else the Dockerfile's rules for lines hold.
    pub(super) is_script: bool,
}

/// The commands of a text that stands in the Dockerfile from an offset.
pub(super) fn commands(text: &str, offset: usize, writing: Writing) -> Vec<Command> {
    let mut reader =
        Reader { text, at: 0, offset, writing, documents: Vec::new(), depth: 0, in_backticks: false };
    reader.list(None)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    offset: usize,
    writing: Writing,
    /// The ends of here-documents that start behind this line.
    documents: Vec<String>,
    /// How many groups and substitutions this is in.
    depth: usize,
    in_backticks: bool,
}

/// Nobody nests deeper; what does is not looked into.
const DEEPEST: usize = 50;

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    fn take(&mut self, text: &str) -> bool {
        let is_there = self.text[self.at..].starts_with(text);
        self.at += if is_there { text.len() } else { 0 };
        is_there
    }

    /// Commands up to an unquoted `end`, which is taken.
    fn list(&mut self, end: Option<char>) -> Vec<Command> {
        let (mut list, mut command) = (Vec::new(), Command::default());
        let finish = |list: &mut Vec<Command>, command: &mut Command, is_piped: bool| {
            let done = std::mem::take(command);
            if !done.words.is_empty() {
                list.push(Command { is_piped, ..done });
            }
        };
        self.depth += 1;
        if self.depth > DEEPEST {
            self.at = self.text.len();
        }
        loop {
            self.skip_blanks();
            let Some(letter) = self.peek() else { break };
            if Some(letter) == end {
                self.next();
                break;
            }
            match letter {
                // A group that is not closed.
                '`' if self.in_backticks => break,
                '\n' | ';' | '&' | ')' => {
                    self.next();
                    finish(&mut list, &mut command, false);
                    if letter == '\n' {
                        self.skip_documents();
                    }
                }
                '|' => {
                    self.next();
                    let is_piped = !self.take("|");
                    self.take("&");
                    finish(&mut list, &mut command, is_piped);
                }
                '(' => {
                    self.next();
                    let mut group = self.list(Some(')'));
                    self.skip_blanks();
                    let rest = &self.text[self.at..];
                    let is_piped = rest.starts_with('|') && !rest.starts_with("||");
                    group.iter_mut().for_each(|command| command.is_piped |= is_piped);
                    list.append(&mut group);
                }
                '<' | '>' => self.redirection(&mut command),
                '#' => self.skip_comment(),
                _ => {
                    let word = self.word();
                    let is_descriptor = !word.text.is_empty()
                        && word.text.bytes().all(|byte| byte.is_ascii_digit())
                        && self.peek().is_some_and(|next| next == '<' || next == '>');
                    if !is_descriptor {
                        command.words.push(word);
                    }
                }
            }
        }
        finish(&mut list, &mut command, false);
        self.depth -= 1;
        list
    }

    /// White space, and line ends that are escaped with the comments behind them.
    fn skip_blanks(&mut self) {
        while let Some(letter) = self.peek() {
            if letter == ' ' || letter == '\t' || letter == '\r' {
                self.next();
            } else if !self.continuation() {
                return;
            }
        }
    }

    /// Takes an escaped line end, and in a Dockerfile the comments and empty lines behind it.
    fn continuation(&mut self) -> bool {
        let Some(rest) = self.text[self.at..].strip_prefix(self.writing.escape) else { return false };
        let Some(mut lines) = rest.trim_start_matches([' ', '\t', '\r']).strip_prefix('\n') else {
            return false;
        };
        if !self.writing.is_script {
            lines = without_comments(lines);
        }
        self.at = self.text.len() - lines.len();
        true
    }

    fn skip_comment(&mut self) {
        while let Some(letter) = self.peek() {
            if letter == '\n' {
                return;
            }
            // Docker joins lines before the shell sees them: the comment goes on.
            if self.writing.is_script || !self.continuation() {
                self.next();
            }
        }
    }

    /// `> file`, `2>&1`, `< <(command)`, `<<END`. Where output goes is not looked at.
    fn redirection(&mut self, command: &mut Command) {
        if self.text[self.at..].starts_with("<(") || self.text[self.at..].starts_with(">(") {
            let start = self.at;
            self.at += 2;
            let inner = self.list(Some(')'));
            command.words.push(Word { text: "$()".to_owned(), span: self.span(start), inner });
            return;
        }
        let is_document = self.take("<<") && !self.take("<");
        let keeps_tabs = !self.take("-");
        while self.peek().is_some_and(|letter| "<>&|".contains(letter)) {
            if self.text[self.at..].starts_with("<(") {
                return;
            }
            self.next();
        }
        self.skip_blanks();
        if self.peek().is_some_and(|letter| !"\n;|&()<>".contains(letter)) {
            let word = self.word();
            if is_document && self.writing.is_script {
                self.documents.push(if keeps_tabs { word.text } else { format!("\t{}", word.text) });
            }
        }
    }

    /// The here-documents behind a line.
    fn skip_documents(&mut self) {
        for end in std::mem::take(&mut self.documents) {
            let rest = &self.text[self.at..];
            let is_end = |line: &str| {
                let line = line.trim_end_matches('\n');
                end.strip_prefix('\t').map_or(line == end, |end| line.trim_start_matches('\t') == end)
            };
            let mut length = 0;
            for line in rest.split_inclusive('\n') {
                length += line.len();
                if is_end(line) {
                    break;
                }
            }
            self.at += length;
        }
    }

    fn span(&self, start: usize) -> Range<usize> {
        self.offset + start..self.offset + self.at
    }

    fn word(&mut self) -> Word {
        let start = self.at;
        let mut word = Word::default();
        let mut end = self.at;
        while let Some(letter) = self.peek() {
            if letter.is_whitespace() || ";|&()<>".contains(letter) || (letter == '`' && self.in_backticks) {
                break;
            }
            if self.continuation() {
                continue;
            }
            self.next();
            match letter {
                '\'' => {
                    let length = self.text[self.at..].find('\'').unwrap_or(self.text.len() - self.at);
                    word.text.push_str(&self.text[self.at..self.at + length]);
                    self.at = (self.at + length + 1).min(self.text.len());
                }
                '"' => self.quoted(&mut word),
                '\\' => word.text.extend(self.next()),
                _ => self.letter(letter, &mut word),
            }
            end = self.at;
        }
        word.span = self.offset + start..self.offset + end;
        word
    }

    fn quoted(&mut self, word: &mut Word) {
        while let Some(letter) = self.peek() {
            if self.continuation() {
                continue;
            }
            self.next();
            match letter {
                '"' => return,
                '\\' => word.text.extend(self.next()),
                _ => self.letter(letter, word),
            }
        }
    }

    /// A letter that quotes do not take the meaning of.
    fn letter(&mut self, letter: char, word: &mut Word) {
        if letter == '$' && self.take("((") {
            // Arithmetic calls nothing.
            let length = self.text[self.at..].find("))").map_or(self.text.len() - self.at, |end| end + 2);
            self.at += length;
            word.text.push_str("$()");
        } else if letter == '$' && self.take("(") {
            word.inner.append(&mut self.list(Some(')')));
            word.text.push_str("$()");
        } else if letter == '$' && self.take("{") {
            let length = self.text[self.at..].find('}').map_or(self.text.len() - self.at, |end| end + 1);
            word.text.push_str("${");
            word.text.push_str(&self.text[self.at..self.at + length]);
            self.at += length;
        } else if letter == '`' {
            let was = std::mem::replace(&mut self.in_backticks, true);
            word.inner.append(&mut self.list(Some('`')));
            self.in_backticks = was;
            word.text.push_str("$()");
        } else {
            word.text.push(letter);
        }
    }
}

/// A text from its first line on that is neither empty nor a comment.
fn without_comments(text: &str) -> &str {
    let mut length = 0;
    for line in text.split_inclusive('\n') {
        let written = line.trim();
        if !(written.is_empty() || written.starts_with('#')) {
            break;
        }
        length += line.len();
    }
    &text[length..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, is_script: bool) -> String {
        fn shown(commands: &[Command], indent: usize, out: &mut String) {
            for command in commands {
                let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
                let pipe = if command.is_piped { " |" } else { "" };
                *out += &format!("{}{}{pipe}\n", "  ".repeat(indent), words.join(","));
                command.words.iter().for_each(|word| shown(&word.inner, indent + 1, out));
            }
        }
        let mut out = String::new();
        shown(&commands(text, 0, Writing { escape: '\\', is_script }), 0, &mut out);
        out
    }

    #[test]
    fn lists_pipes_groups_and_quotes_are_told_apart() {
        insta::assert_snapshot!(read("a 'b c'\\''d' \"e \\\" f\" && (g; h i) | j || k & l 2>&1 >/dev/null m", false), @r#"
        a,b c'd,e " f
        g |
        h,i |
        j
        k
        l,m
        "#);
    }

    #[test]
    fn commands_in_words_are_inside_of_them() {
        insta::assert_snapshot!(read("sh -c \"$(curl x | tr a b)\" `e f` <(g) $((1+2)) ${h:-i j}", false), @"
        sh,-c,$(),$(),$(),$(),${h:-i j}
          curl,x |
          tr,a,b
          e,f
          g
        ");
    }

    #[test]
    fn comments_between_continued_lines_are_none_of_the_commands() {
        insta::assert_snapshot!(read("a \\\n# apt-get update\n\n  # more\n  b; \\  \n c#d # e \\\n f", false), @"
        a,b
        c#d
        ");
    }

    #[test]
    fn in_scripts_lines_end_commands_and_documents_are_skipped() {
        insta::assert_snapshot!(read("set -e\n# no\ncat <<-'END' > x; y\napt-get update\n\tEND\na \\\n b\n", true), @"
        set,-e
        cat
        y
        a,b
        ");
    }

    #[test]
    fn a_word_knows_its_place() {
        let text = "x && \"a b\"c d";
        let read = commands(text, 100, Writing { escape: '\\', is_script: false });
        assert_eq!(read[1].words[0].span, 105..111);
        assert_eq!(read[1].words[1].span, 112..113);
    }

    #[test]
    fn whatever_is_left_open_ends() {
        let deep = "$(".repeat(100_000);
        for text in [
            deep.as_str(),
            "`(a`",
            "'a",
            "\"a",
            "$(a",
            "`a",
            "${a",
            "(a",
            "a <<",
            "a \\",
            "$((1",
            ")",
            "a 2>",
            "`",
        ] {
            read(text, false);
            read(text, true);
        }
    }
}
