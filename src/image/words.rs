//! Words of instructions: where they end, quotes, and `$variables` in them, as Docker's own lexer has
//! it. Source: the Dockerfile reference, "Environment replacement".

use std::iter::Peekable;
use std::str::Chars;

/// How variables and quotes of a word are worked out.
pub(super) struct Expansion<'a> {
    /// The value of a variable; `None` where it is not set.
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    /// The character that takes the next one's meaning away.
    pub(super) escape: char,
    /// In here-documents quotes mean themselves.
    pub(super) keeps_quotes: bool,
}

type Letters<'t> = Peekable<Chars<'t>>;

impl Expansion<'_> {
    /// The word with its variables replaced and its quotes taken away.
    pub(super) fn expand(&self, text: &str) -> Result<String, String> {
        let mut letters = text.chars().peekable();
        let expanded = self.until(&mut letters, None)?;
        Ok(expanded)
    }

    /// Up to an unquoted `end`, which is taken.
    fn until(&self, letters: &mut Letters<'_>, end: Option<char>) -> Result<String, String> {
        let mut expanded = String::new();
        while let Some(letter) = letters.next() {
            match letter {
                _ if Some(letter) == end => return Ok(expanded),
                '$' => expanded.push_str(&self.variable(letters)?),
                _ if self.keeps_quotes && letter == self.escape && letters.peek() == Some(&'$') => {
                    expanded.extend(letters.next());
                }
                _ if self.keeps_quotes => expanded.push(letter),
                '\'' => loop {
                    match letters.next() {
                        Some('\'') => break,
                        Some(inner) => expanded.push(inner),
                        None => return Err("a single quote is not closed".to_owned()),
                    }
                },
                '"' => self.quoted(letters, &mut expanded)?,
                _ if letter == self.escape => expanded.push(letters.next().unwrap_or(letter)),
                _ => expanded.push(letter),
            }
        }
        match end {
            Some(end) => Err(format!("`{end}` is missing")),
            None => Ok(expanded),
        }
    }

    fn quoted(&self, letters: &mut Letters<'_>, expanded: &mut String) -> Result<(), String> {
        while let Some(letter) = letters.next() {
            match letter {
                '"' => return Ok(()),
                '$' => expanded.push_str(&self.variable(letters)?),
                _ if letter == self.escape => match letters.next() {
                    Some(next) if next == '"' || next == '$' || next == self.escape => expanded.push(next),
                    Some(next) => expanded.extend([letter, next]),
                    None => expanded.push(letter),
                },
                _ => expanded.push(letter),
            }
        }
        Err("a double quote is not closed".to_owned())
    }

    /// What comes after a `$`.
    fn variable(&self, letters: &mut Letters<'_>) -> Result<String, String> {
        if letters.peek() != Some(&'{') {
            let name = name(letters);
            return Ok(if name.is_empty() {
                "$".to_owned()
            } else {
                (self.variable)(&name).unwrap_or_default()
            });
        }
        letters.next();
        let name = name(letters);
        if name.is_empty() {
            return Err("`${` is not followed by the name of a variable".to_owned());
        }
        let value = (self.variable)(&name);
        let (takes_empty, operator) = match letters.next() {
            Some('}') => return Ok(value.unwrap_or_default()),
            Some(':') => (false, letters.next()),
            other => (true, other),
        };
        let is_set = value.as_ref().is_some_and(|value| takes_empty || !value.is_empty());
        let word = match operator {
            Some('-' | '+' | '?') => self.until(letters, Some('}'))?,
            _ => return Err(format!("only `${{{name}}}`, `:-`, `:+` and `:?` are supported in `${{...}}`")),
        };
        match operator {
            Some('+') => Ok(if is_set { word } else { String::new() }),
            _ if is_set => Ok(value.unwrap_or_default()),
            Some('?') => Err(format!("the variable `{name}` is not set: {word}")),
            _ => Ok(word),
        }
    }
}

fn name(letters: &mut Letters<'_>) -> String {
    let mut name = String::new();
    while let Some(letter) = letters.next_if(|letter| letter.is_ascii_alphanumeric() || *letter == '_') {
        name.push(letter);
    }
    name
}

/// The words of a text, their quotes kept; white space inside quotes ends none.
pub(super) fn split(text: &str, escape: char) -> Vec<&str> {
    let (mut words, mut start, mut quote, mut is_escaped) = (Vec::new(), None, None, false);
    for (offset, letter) in text.char_indices() {
        let begins = *start.get_or_insert(offset);
        match quote {
            _ if is_escaped => is_escaped = false,
            Some('\'') if letter == '\'' => quote = None,
            Some('\'') => {}
            _ if letter == escape => is_escaped = true,
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            None if letter.is_whitespace() => {
                words.extend((begins < offset).then(|| &text[begins..offset]));
                start = None;
            }
            None => {}
        }
    }
    words.extend(start.map(|start| &text[start..]));
    words
}

/// `NAME=VALUE ...`, or the old form `NAME VALUE` that takes the rest as it is.
pub(super) fn pairs(text: &str, escape: char) -> Result<Vec<(&str, &str)>, String> {
    let words = split(text, escape);
    if let [first, _, ..] = words[..]
        && !first.contains('=')
    {
        return Ok(vec![(first, text.trim_start()[first.len()..].trim())]);
    }
    let pair = |word: &&str| -> Result<_, String> {
        // Both are parts of the text, which outlives the words.
        let offset = word.as_ptr() as usize - text.as_ptr() as usize;
        let word = &text[offset..offset + word.len()];
        word.split_once('=').ok_or_else(|| format!("`{word}` has no `=`"))
    };
    words.iter().map(pair).collect()
}

/// The variables that an `ARG` declares: `NAME[=DEFAULT] ...`
pub(super) fn arguments(text: &str, escape: char) -> impl Iterator<Item = (&str, Option<&str>)> {
    split(text, escape).into_iter().map(|word| match word.split_once('=') {
        Some((name, default)) => (name, Some(default)),
        None => (word, None),
    })
}

/// A text over several lines as one: line ends that are escaped go, and so do comments between them.
pub(super) fn joined(text: &str, escape: char) -> String {
    let mut joined = String::new();
    for line in text.lines() {
        if !joined.is_empty() && line.trim_start().starts_with('#') {
            continue;
        }
        match line.trim_end().strip_suffix(escape) {
            Some(line) => joined.push_str(line),
            None => joined.push_str(line),
        }
    }
    joined.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, String> {
        let variable = |name: &str| match name {
            "a" => Some("1".to_owned()),
            "empty" => Some(String::new()),
            _ => None,
        };
        Expansion { variable: &variable, escape: '\\', keeps_quotes: false }.expand(text)
    }

    #[test]
    fn words_are_expanded_as_docker_does() {
        for (text, expected) in [
            ("plain", "plain"),
            ("$a-${a}b$none.", "1-1b."),
            (r#"'$a' "$a b" \$a"#, "$a 1 b $a"),
            (r#""say \"$a\" \n""#, r#"say "1" \n"#),
            ("${none:-x$a} ${empty:-y} ${empty-z} ${a:+set} ${none:+set}", "x1 y  set "),
            ("$ $! 5$", "$ $! 5$"),
        ] {
            assert_eq!(expanded(text).as_deref(), Ok(expected), "{text}");
        }
        for text in ["'open", "\"open", "${a", "${}", "${a#x}", "${none:?it is needed}"] {
            assert!(expanded(text).is_err(), "{text}");
        }
    }

    #[test]
    fn pairs_end_at_white_space_outside_quotes() {
        let text = r#"a=1 b="x y" c=p\ q "d e"='f g'"#;
        let pairs = pairs(text, '\\').unwrap();
        assert_eq!(pairs, [("a", "1"), ("b", "\"x y\""), ("c", "p\\ q"), ("\"d e\"", "'f g'")]);
        assert_eq!(super::pairs("a  b c ", '\\').unwrap(), [("a", "b c")]);
        assert!(super::pairs("a=1 b", '\\').is_err());
    }

    #[test]
    fn lines_are_joined_and_comments_between_them_go() {
        assert_eq!(joined("a \\\n # no\n  b", '\\'), "a   b");
    }
}
