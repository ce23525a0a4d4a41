//! Lines that are wider than the terminal, broken at words: a terminal breaks them anywhere.

use crate::ui::text::width;

/// How far the second line of a text is moved in behind its beginning.
const HANG: usize = 2;

/// A label at the beginning of a line, such as `hint:`, is at most so wide that the text hangs behind it.
const LABEL: usize = 12;

/// `text` with each line of more than `columns` broken at a blank; what follows is moved in. Tables, excerpts
/// of sources and words that are too long stay as they are.
pub fn fold(text: &str, columns: usize) -> String {
    let lines = text.split_inclusive('\n').map(|line| match line.strip_suffix('\n') {
        Some(inner) => folded(inner, columns) + "\n",
        None => folded(line, columns),
    });
    lines.collect()
}

fn folded(line: &str, columns: usize) -> String {
    let inner = line.trim_start_matches(' ');
    let indent = line.len() - inner.len();
    if visible(line) <= columns || is_arranged(inner) {
        return line.to_owned();
    }
    let hang = indent + label(inner).unwrap_or(HANG);
    if hang * 2 > columns {
        return line.to_owned();
    }
    let (mut result, mut used) = (" ".repeat(indent), indent);
    for (number, word) in inner.split(' ').enumerate() {
        let wide = visible(word);
        if number > 0 && used + 1 + wide > columns && used > hang {
            result.push('\n');
            result.push_str(&" ".repeat(hang));
            used = hang;
        } else if number > 0 {
            result.push(' ');
            used += 1;
        }
        result.push_str(word);
        used += wide;
    }
    result
}

/// The width of a label and the blank behind it.
fn label(inner: &str) -> Option<usize> {
    let plain = plain(inner);
    let (label, _) = plain.split_once(": ")?;
    let wide = width(label) + 2;
    (wide <= LABEL).then_some(wide)
}

/// Whether a line belongs to a table or to an excerpt, in which things stand below each other.
fn is_arranged(inner: &str) -> bool {
    let is_number = |text: &str| text.trim_end().bytes().all(|byte| byte.is_ascii_digit());
    inner.trim_end().contains("  ")
        || plain(inner).split_once('|').is_some_and(|(before, _)| is_number(before))
}

fn visible(text: &str) -> usize {
    width(&plain(text))
}

/// `text` without the escape sequences of colours.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..start]);
        rest = rest[start..].split_once('m').map_or("", |(_, rest)| rest);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_broken_at_words_and_hang() {
        let text = "error: the first thing that is wrong here\n  hint: do what it says\n\
                    \u{1b}[1mhint:\u{1b}[0m then go on with the rest of it\nfine\n";
        assert_eq!(
            fold(text, 22),
            "error: the first thing\n       that is wrong\n       here\n  hint: do what it\n        says\n\
             \u{1b}[1mhint:\u{1b}[0m then go on with\n      the rest of it\nfine\n"
        );
    }

    #[test]
    fn what_is_arranged_stays() {
        for line in [
            "NAME  STATUS           SINCE OF OLD",
            "12 | Name: a long line of a source",
            "   | ^^^^^^ that is the place of it",
            "sha256:0123456789012345678901234567890123456789",
        ] {
            assert_eq!(fold(line, 22), line);
        }
    }

    proptest! {
        #[test]
        fn no_word_is_lost_or_cut(text in "( {0,4}[a-z:|.]{1,9}( [a-z:|.]{0,12}){0,12}\n){0,4}", columns in 1..90_usize) {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let folded = fold(&text, columns);
            prop_assert_eq!(words(&folded), words(&text));
            prop_assert_eq!(fold(&text, 200), text);
        }
    }
}
