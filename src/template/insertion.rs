//! Values that are put in after parsing: in the text stand tokens, which no syntax can see through.
//!
//! A token is a number written with characters of a private-use plane, between two delimiters of
//! the same plane. To YAML and JSON these are letters like any other, so whatever a value holds,
//! it can neither end a quote nor start a key.

use serde_json::Value;

use crate::model::canonical;

const FIRST_DIGIT: u32 = 0x10_f000;
const OPEN: char = '\u{10f010}';
const CLOSE: char = '\u{10f011}';

/// Marks a string that stands for a token outside of quotes, for the JSON reader. Where a render is
/// traced to its sources, it opens a stamp.
pub(super) const PLAIN_SIGN: char = '\u{10f012}';

/// A value that was printed.
#[derive(Clone, Debug, PartialEq)]
pub enum Insertion {
    /// A text; a scalar that is only its token becomes this string, whatever it looks like.
    Text(String),
    /// A list, map or other JSON value; a plain scalar that is only its token becomes this value,
    /// anywhere else its compact JSON text is put in.
    Json(Value),
}

impl Insertion {
    /// The value as text.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Json(value) => canonical::text(value),
        }
    }
}

/// The values of one render; a token holds an index into it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Insertions(pub Vec<Insertion>);

/// A piece of a text that may hold tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Piece<'a> {
    Written(&'a str),
    Inserted(&'a Insertion),
    /// Something that was a token before something else cut it.
    Broken,
}

/// The token of the value at `index`.
pub fn token(index: usize) -> String {
    numbered(OPEN, index)
}

/// A sign that stands for no value: what is before it was made at the place of that number.
pub fn stamp(number: usize) -> String {
    numbered(PLAIN_SIGN, number)
}

/// A text without its stamps; and of each how many characters stand before it, and its number. One
/// that was cut stays, and with it the text is another one.
pub fn take_stamps(text: &str) -> (String, Vec<(usize, usize)>) {
    let (mut plain, mut found, mut length, mut rest) = (String::new(), Vec::new(), 0, text);
    while let Some((before, after)) = rest.split_once(PLAIN_SIGN) {
        let Some((number, after)) = closed(after) else { break };
        plain.push_str(before);
        length += before.chars().count();
        found.push((length, number));
        rest = after;
    }
    plain.push_str(rest);
    (plain, found)
}

fn closed(text: &str) -> Option<(usize, &str)> {
    let (digits, after) = text.split_once(CLOSE)?;
    Some((number(digits)?, after))
}

fn number(digits: &str) -> Option<usize> {
    digits.chars().try_fold(0_usize, |number, digit| {
        let digit = (digit as u32).checked_sub(FIRST_DIGIT).filter(|digit| *digit < 16)?;
        number.checked_mul(16)?.checked_add(digit as usize)
    })
}

fn numbered(open: char, index: usize) -> String {
    let digits = format!("{index:x}");
    let digits = digits.chars().filter_map(|digit| digit.to_digit(16)?.checked_add(FIRST_DIGIT));
    let mut token = String::from(open);
    token.extend(digits.filter_map(char::from_u32));
    token.push(CLOSE);
    token
}

/// Whether a text has characters that are reserved for tokens.
pub fn contains_token_characters(text: &str) -> bool {
    // The first byte of every reserved character in UTF-8; nearly no text has it.
    text.as_bytes().contains(&0xf4) && text.chars().any(is_reserved)
}

fn is_reserved(character: char) -> bool {
    (FIRST_DIGIT..=PLAIN_SIGN as u32).contains(&(character as u32))
}

impl Insertions {
    /// Adds a value and returns its token.
    pub fn add(&mut self, insertion: Insertion) -> String {
        self.0.push(insertion);
        token(self.0.len() - 1)
    }

    /// The text with every token replaced by its value's text; `None` when a token is broken.
    pub fn join(&self, text: &str) -> Option<String> {
        let mut joined = String::new();
        for piece in self.pieces(text) {
            match piece {
                Piece::Written(text) => joined.push_str(text),
                Piece::Inserted(insertion) => joined.push_str(&insertion.text()),
                Piece::Broken => return None,
            }
        }
        Some(joined)
    }

    /// The value whose token is the whole text.
    pub fn whole(&self, text: &str) -> Option<&Insertion> {
        self.find(text)
    }

    /// The text as a person wants to read it in an excerpt, on one line.
    pub(super) fn display(&self, text: &str) -> String {
        if !contains_token_characters(text) {
            return text.to_owned();
        }
        let shown = |piece: &Piece<'_>| match piece {
            Piece::Written(text) => (*text).to_owned(),
            Piece::Inserted(insertion) => insertion
                .text()
                .chars()
                .map(|character| if character.is_control() { ' ' } else { character })
                .collect(),
            Piece::Broken => String::from('\u{fffd}'),
        };
        self.pieces(text).iter().map(shown).collect()
    }

    pub(super) fn pieces<'a>(&'a self, text: &'a str) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find(is_reserved) {
            if start > 0 {
                pieces.push(Piece::Written(&rest[..start]));
            }
            let reserved = rest[start..].find(|character| !is_reserved(character) || character == CLOSE);
            let end = match reserved.map(|length| start + length) {
                Some(end) if rest[end..].starts_with(CLOSE) => end + CLOSE.len_utf8(),
                Some(end) => end,
                None => rest.len(),
            };
            pieces.push(self.find(&rest[start..end]).map_or(Piece::Broken, Piece::Inserted));
            rest = &rest[end..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Written(rest));
        }
        pieces
    }

    fn find(&self, token: &str) -> Option<&Insertion> {
        let digits = token.strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
        self.0.get(number(digits)?).filter(|_| !digits.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_again_and_broken_ones_are_seen() {
        let mut insertions = Insertions(vec![Insertion::Text(String::new()); 300]);
        let token = insertions.add(Insertion::Text("eu".to_owned()));
        assert_eq!(insertions.join(&format!("a-{token}-{token}")).as_deref(), Some("a-eu-eu"));
        assert_eq!(insertions.whole(&token), Some(&Insertion::Text("eu".to_owned())));
        let cut = &token[..token.len() - CLOSE.len_utf8()];
        assert_eq!(insertions.join(&format!("{cut}{token}")), None);
        assert_eq!(insertions.join(&super::token(9_999)), None);
    }
}
