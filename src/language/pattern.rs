//! `AllowedPattern`: a regular expression of Java's kind that must match the whole value.
//!
//! Real templates look around and refer back (one in eleven, counted over public ones), so the
//! matcher backtracks. A hostile pattern could make it do so for ever: the steps are bounded.

/// Most steps back of one match.
const STEPS: usize = 100_000;

/// Why a pattern gives no answer; the text ends a sentence about the parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("has a pattern that cannot be used: {0}")]
pub struct PatternError(String);

/// Whether `pattern` matches the whole of `text`, anchored or not.
///
/// # Errors
/// The pattern is none, or takes too many steps.
pub fn matches_whole(pattern: &str, text: &str) -> Result<bool, PatternError> {
    let unusable = |error: fancy_regex::Error| PatternError(error.to_string());
    // On its own first: `a)(b` would become something else in the brackets.
    fancy_regex::Regex::new(pattern).map_err(unusable)?;
    let whole = fancy_regex::RegexBuilder::new(&format!(r"\A(?:{pattern})\z"))
        .backtrack_limit(STEPS)
        .build()
        .map_err(unusable)?;
    whole.is_match(text).map_err(unusable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_value() {
        for (pattern, text, expected) in [
            ("[a-z]+", "abc", true),
            ("[a-z]+", "abc1", false),
            ("^[a-z]+$", "abc", true),
            ("a|ab", "ab", true),
            ("(?!admin)[a-z]+", "admin", false),
            ("(?!admin)[a-z]+", "user", true),
            (r"(?=.*[A-Z])(?=.*\d).{8,}", "Passw0rds", true),
            (r"([a-z])\1", "aa", true),
            (r"([a-z])\1", "ab", false),
            (".*", "two\nlines", false),
            ("a", "a\n", false),
            ("", "", true),
        ] {
            assert_eq!(matches_whole(pattern, text), Ok(expected), "{pattern} {text:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_or_never_ends_is_an_error() {
        assert!(matches_whole("a)(b", "ab").is_err());
        assert!(matches_whole("(", "").is_err());
        let text = "a".repeat(60) + "!";
        let error = matches_whole(r"((a)|a\2?)+b", &text).unwrap_err();
        assert!(error.to_string().contains("backtrack"), "{error}");
    }
}
