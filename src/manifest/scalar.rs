//! What an unquoted scalar means, where YAML 1.1 and 1.2 agree; where they do not, it is refused.

/// Greatest integer that every JSON reader keeps exactly (RFC 8785, section 3.2.2.3).
const EXACT: i64 = 1 << 53;

/// The meaning of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// Text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// `true` or `false`.
    Boolean(bool),
    /// Nothing was written, or `null`, or `~`.
    Null,
    /// Readers differ over it; says how.
    Unclear(&'static str),
}

impl<'a> Scalar<'a> {
    /// The meaning of `text`, which was written without quotes when `plain`.
    pub fn of(text: &'a str, plain: bool) -> Self {
        if !plain {
            return Self::Text(text);
        }
        match text {
            "" | "~" | "null" => Self::Null,
            "true" => Self::Boolean(true),
            "false" => Self::Boolean(false),
            _ if is_spelled_boolean(text) => Self::Unclear("some YAML readers take it for a boolean or null"),
            _ if text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) => {
                Self::number(text)
            }
            _ => Self::Text(text),
        }
    }

    fn number(text: &'a str) -> Self {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let all = |allowed: fn(char) -> bool| !digits.is_empty() && digits.chars().all(allowed);
        if let Ok(number) = text.parse::<i64>()
            && number.to_string() == text
        {
            return if number.abs() <= EXACT {
                Self::Integer(number)
            } else {
                Self::Unclear("a number this large is not kept exactly")
            };
        }
        if digits.starts_with("0x") || digits.starts_with("0o") || digits.starts_with("0b") {
            Self::Unclear("some YAML readers take it for a number in another base")
        } else if all(|c| c.is_ascii_digit() || c == '_') {
            Self::Unclear("a number is not kept as it is written")
        } else if all(|c| c.is_ascii_digit() || c == ':') && digits.contains(':') {
            Self::Unclear("YAML 1.1 takes it for a number to the base of 60")
        } else if digits.parse::<f64>().is_ok()
            || matches!(digits, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
        {
            Self::Unclear("a number with a point or an exponent is not kept as it is written")
        } else {
            Self::Text(text)
        }
    }
}

fn is_spelled_boolean(text: &str) -> bool {
    ["true", "false", "yes", "no", "on", "off", "null"].iter().any(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scalars_that_every_reader_understands_alike_have_a_meaning() {
        for (text, meaning) in [
            ("", Scalar::Null),
            ("~", Scalar::Null),
            ("null", Scalar::Null),
            ("true", Scalar::Boolean(true)),
            ("false", Scalar::Boolean(false)),
            ("0", Scalar::Integer(0)),
            ("-7", Scalar::Integer(-7)),
            ("9007199254740992", Scalar::Integer(EXACT)),
            ("y", Scalar::Text("y")),
            ("2024-01-01", Scalar::Text("2024-01-01")),
            ("1.2.3", Scalar::Text("1.2.3")),
            ("10.0.0.0/16", Scalar::Text("10.0.0.0/16")),
            ("7d", Scalar::Text("7d")),
            ("-", Scalar::Text("-")),
        ] {
            assert_eq!(Scalar::of(text, true), meaning, "{text}");
        }
    }

    #[test]
    fn scalars_over_which_readers_differ_are_unclear() {
        for text in [
            "yes",
            "No",
            "ON",
            "off",
            "True",
            "FALSE",
            "Null",
            "012",
            "+5",
            "1_000",
            "0x1f",
            "0o17",
            "12:30:00",
            "16.10",
            "1e3",
            ".5",
            "-1.0",
            ".inf",
            "9007199254740993",
        ] {
            assert!(matches!(Scalar::of(text, true), Scalar::Unclear(_)), "{text}");
            assert_eq!(Scalar::of(text, false), Scalar::Text(text));
        }
    }

    proptest! {
        #[test]
        fn an_integer_prints_back_as_it_was_written(text in "[+-]?[0-9_.:xobe]{1,20}") {
            if let Scalar::Integer(number) = Scalar::of(&text, true) {
                prop_assert_eq!(number.to_string(), text);
            }
        }
    }
}
