//! Which programs a `RUN` calls, whatever stands around them: assignments, `sudo`, `sh -c`, `if`.

use std::ops::Range;

use parse_dockerfile::{Command as Form, RunInstruction};

use crate::lint::dockerfile::shell::{Command, Word, Writing, commands};

/// A call of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// The program's name, without its directory.
    pub(super) name: String,
    /// Where the name stands.
    pub(super) span: Range<usize>,
    pub(super) arguments: Vec<Word>,
    /// Variables that are set for it: `NAME=VALUE`.
    pub(super) variables: Vec<String>,
    /// Whether the next call reads what it writes.
    pub(super) is_piped: bool,
}

impl Call {
    /// The arguments that are no options, without the values of the options named.
    pub(super) fn operands(&self, with_value: &[&str]) -> Vec<&Word> {
        let (mut operands, mut rest) = (Vec::new(), self.arguments.iter());
        while let Some(word) = rest.next() {
            if with_value.contains(&word.text.as_str()) {
                rest.next();
            } else if !word.text.starts_with('-') || word.text == "-" {
                operands.push(word);
            }
        }
        operands
    }

    /// Whether one of these options is given, alone or with `=VALUE`.
    pub(super) fn has(&self, options: &[&str]) -> bool {
        self.arguments.iter().any(|word| {
            let name = word.text.split('=').next().unwrap_or_default();
            options.contains(&name)
        })
    }

    /// The values of an option.
    pub(super) fn values<'c>(&'c self, options: &'c [&str]) -> impl Iterator<Item = (&'c str, &'c Word)> {
        self.arguments.iter().enumerate().filter_map(|(index, word)| {
            if options.contains(&word.text.as_str()) {
                let value = self.arguments.get(index + 1)?;
                return Some((value.text.as_str(), value));
            }
            let (name, value) = word.text.split_once('=')?;
            options.contains(&name).then_some((value, word))
        })
    }

    /// From the name to a word.
    pub(super) fn span_to(&self, word: &Word) -> Range<usize> {
        self.span.start..word.span.end.max(self.span.end)
    }
}

/// The calls of a list of commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct List {
    pub(super) calls: Vec<Call>,
    /// The program that carries out what these write: `sh -c "$(...)"`.
    pub(super) runner: Option<String>,
}

/// Shells whose language this reads.
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "ash", "zsh", "ksh"];

/// Programs that call another one, with the options of theirs that take a value.
const WRAPPERS: [(&str, &[&str]); 12] = [
    ("sudo", &["-u", "-g", "-h", "-p"]),
    ("env", &["-u", "-C"]),
    ("exec", &["-a"]),
    ("nice", &["-n"]),
    ("ionice", &["-c", "-n"]),
    ("nohup", &[]),
    ("command", &[]),
    ("builtin", &[]),
    ("time", &["-f", "-o"]),
    ("eatmydata", &[]),
    ("doas", &["-u"]),
    ("xargs", &["-n", "-P", "-I", "-L", "-d", "-a"]),
];

/// Words of the shell that a command may follow.
const KEYWORDS: [&str; 10] = ["if", "then", "else", "elif", "do", "while", "until", "!", "{", "time"];

/// All calls of an instruction; none where another program than a shell reads its text.
pub(super) fn calls(run: &RunInstruction<'_>, text: &str, escape: char) -> Vec<List> {
    let mut lists = Vec::new();
    match &run.arguments {
        Form::Exec(words) => {
            let words = words.value.iter().map(|word| Word {
                text: word.value.clone().into_owned(),
                span: word.span.clone(),
                inner: Vec::new(),
            });
            let command = Command { words: words.collect(), is_piped: false };
            collect(&[command], None, (text, escape), &mut lists);
        }
        Form::Shell(shell) => {
            let writing = Writing { escape, is_script: false };
            let list = commands(shell.value, shell.span.start, writing);
            collect(&list, None, (text, escape), &mut lists);
            // Behind `<<END` stands what else is done with the text.
            for document in run.here_docs.iter().filter(|_| shell.value.trim().is_empty()) {
                let body = &text[document.span.clone()];
                if is_for_shell(body) {
                    let writing = Writing { escape: '\\', is_script: true };
                    let list = commands(body, document.span.start, writing);
                    collect(&list, None, (text, escape), &mut lists);
                }
            }
        }
        _ => {}
    }
    lists
}

/// Whether a script is for a shell: its first line may name another interpreter.
fn is_for_shell(script: &str) -> bool {
    let Some(line) = script.strip_prefix("#!").and_then(|rest| rest.lines().next()) else { return true };
    let mut words = line.split_whitespace().map(base_name).filter(|word| *word != "env");
    words.next().is_some_and(is_shell)
}

pub(super) fn is_shell(name: &str) -> bool {
    SHELLS.contains(&name)
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn collect(list: &[Command], runner: Option<String>, source: (&str, char), lists: &mut Vec<List>) {
    let mut calls = Vec::new();
    for command in list {
        let call = call(command);
        for word in command.words.iter().filter(|word| !word.inner.is_empty()) {
            let runner = call.as_ref().filter(|call| carries_out(call, word)).map(|call| call.name.clone());
            collect(&word.inner, runner, source, lists);
        }
        let Some(call) = call else { continue };
        if let Some(script) = script(&call) {
            inside(script, source, lists);
        }
        calls.push(call);
    }
    lists.push(List { calls, runner });
}

/// Whether a program carries out the text of one of its words.
fn carries_out(call: &Call, word: &Word) -> bool {
    match call.name.as_str() {
        "eval" | "source" | "." => true,
        name if is_shell(name) => match script(call) {
            Some(script) => script.span == word.span,
            None => call.operands(&[]).first().is_some_and(|first| first.span == word.span),
        },
        _ => false,
    }
}

/// The call that a command makes, without what stands before it.
fn call(command: &Command) -> Option<Call> {
    let mut words = command.words.as_slice();
    let mut variables = Vec::new();
    loop {
        let (first, rest) = words.split_first()?;
        if KEYWORDS.contains(&first.text.as_str()) {
            words = rest;
        } else if is_assignment(&first.text) {
            variables.push(first.text.clone());
            words = rest;
        } else if let Some((_, with_value)) = wrapper(first).filter(|_| !asks_only(rest)) {
            words = without_options(rest, with_value);
        } else {
            return Some(Call {
                name: base_name(&first.text).to_owned(),
                span: first.span.clone(),
                arguments: rest.to_vec(),
                variables,
                is_piped: command.is_piped,
            });
        }
    }
}

fn wrapper(word: &Word) -> Option<&'static (&'static str, &'static [&'static str])> {
    WRAPPERS.iter().find(|(name, _)| *name == base_name(&word.text))
}

/// `command -v NAME`: whether there is such a program.
fn asks_only(rest: &[Word]) -> bool {
    rest.first().is_none_or(|word| ["-v", "-V"].contains(&word.text.as_str()))
}

fn without_options<'w>(mut words: &'w [Word], with_value: &[&str]) -> &'w [Word] {
    while let Some((first, rest)) = words.split_first().filter(|(first, _)| first.text.starts_with('-')) {
        let takes_value = with_value.contains(&first.text.as_str());
        words = rest.get(usize::from(takes_value)..).unwrap_or_default();
    }
    words
}

fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(is_letter) && !name.as_bytes()[0].is_ascii_digit()
}

/// The text that a shell is given to carry out: `sh -c TEXT`.
fn script(call: &Call) -> Option<&Word> {
    if !is_shell(&call.name) {
        return None;
    }
    let is_text = |word: &Word| {
        word.text.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-') && rest.ends_with('c'))
    };
    call.arguments.get(call.arguments.iter().position(is_text)? + 1)
}

/// The calls of a text inside of a word. Places are exact where the word is its text in one pair of
/// quotes, else the whole word is meant.
fn inside(word: &Word, (text, escape): (&str, char), lists: &mut Vec<List>) {
    let written = text.get(word.span.clone()).unwrap_or_default();
    let inner = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
    let is_quoted = written.starts_with(['"', '\'']) && written.len() > 1;
    let writing = Writing { escape, is_script: inner.contains('\n') && !inner.contains("\\\n") };
    if is_quoted && inner == word.text {
        return collect(&commands(inner, word.span.start + 1, writing), None, (text, escape), lists);
    }
    if written == word.text {
        return collect(&commands(written, word.span.start, writing), None, (text, escape), lists);
    }
    let mut found = Vec::new();
    collect(&commands(&word.text, 0, writing), None, (&word.text, escape), &mut found);
    for call in found.iter_mut().flat_map(|list| &mut list.calls) {
        call.span = word.span.clone();
        call.arguments.iter_mut().for_each(|argument| argument.span = word.span.clone());
    }
    lists.append(&mut found);
}
