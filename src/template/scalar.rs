//! What an unquoted scalar is. CloudFormation reads YAML 1.1, we read 1.2; where the two differ in
//! something people really write the text is refused, so that both always mean the same.

use serde_json::{Number, Value};

/// Why a plain scalar is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    YesOrNo,
    LeadingZero,
    Sexagesimal,
    Underscore,
    Radix,
    NotFinite,
    NotAsWritten,
    TooLarge,
}

impl Refusal {
    /// The end of the sentence "`TEXT` ...".
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::YesOrNo => "is a boolean to YAML 1.1 and a text to YAML 1.2",
            Self::LeadingZero => "has a leading zero, which YAML 1.1 reads as octal",
            Self::Sexagesimal => "is a number in base 60 to YAML 1.1",
            Self::Underscore => "has underscores, which YAML 1.1 leaves out of numbers",
            Self::Radix => "is a number in another base to YAML",
            Self::NotFinite => "is not a finite number",
            Self::NotAsWritten => "is a number that does not print back as it is written",
            Self::TooLarge => "is a number beyond 2^53, which JSON readers round",
        }
    }
}

/// Integers up to here survive every JSON reader (RFC 8259, section 6).
const LARGEST_INTEGER: u64 = 1 << 53;

/// The value of an unquoted scalar.
///
/// # Errors
/// When YAML 1.1 and 1.2 disagree about it, or a number would change its spelling.
pub(super) fn read(text: &str) -> Result<Value, Refusal> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        "yes" | "Yes" | "YES" | "no" | "No" | "NO" | "on" | "On" | "ON" | "off" | "Off" | "OFF" => {
            return Err(Refusal::YesOrNo);
        }
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let first = unsigned.bytes().next().unwrap_or_default();
    if first == b'.' || first.is_ascii_digit() { number(text, unsigned) } else { Ok(Value::from(text)) }
}

fn number(text: &str, unsigned: &str) -> Result<Value, Refusal> {
    if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Err(Refusal::NotFinite);
    }
    let lower = unsigned.to_ascii_lowercase();
    if ["0x", "0o", "0b"].iter().any(|prefix| is_radix(&lower, prefix)) {
        return Err(Refusal::Radix);
    }
    if unsigned.contains(':') {
        return if is_sexagesimal(unsigned) { Err(Refusal::Sexagesimal) } else { Ok(Value::from(text)) };
    }
    let plain = unsigned.replace('_', "");
    if !is_decimal(&plain) {
        return Ok(Value::from(text));
    }
    if plain.len() != unsigned.len() {
        return Err(Refusal::Underscore);
    }
    let integer = unsigned.bytes().all(|byte| byte.is_ascii_digit());
    if unsigned.len() > 1 && unsigned.starts_with('0') && unsigned.as_bytes()[1].is_ascii_digit() {
        return Err(Refusal::LeadingZero);
    }
    if integer { self::integer(text, unsigned) } else { float(text) }
}

fn integer(text: &str, unsigned: &str) -> Result<Value, Refusal> {
    if unsigned.parse::<u64>().map_or(true, |value| value > LARGEST_INTEGER) {
        return Err(Refusal::TooLarge);
    }
    let value = text.parse::<i64>().map_err(|_| Refusal::TooLarge)?;
    if value.to_string() == text { Ok(Value::from(value)) } else { Err(Refusal::NotAsWritten) }
}

fn float(text: &str) -> Result<Value, Refusal> {
    let value = text.parse::<f64>().ok().and_then(Number::from_f64).ok_or(Refusal::NotFinite)?;
    // Canonical JSON writes a number without a fraction as an integer: `8.0` would be sent as `8`.
    let is_whole = value.as_f64().is_some_and(|value| value.fract() == 0.0);
    if value.to_string() == text && !is_whole { Ok(Value::Number(value)) } else { Err(Refusal::NotAsWritten) }
}

fn is_radix(lower: &str, prefix: &str) -> bool {
    let digits = lower.strip_prefix(prefix).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'_')
}

/// YAML 1.1, "Integer Language-Independent Type" and "Floating-Point ...", base 60.
fn is_sexagesimal(unsigned: &str) -> bool {
    let mut parts = unsigned.split(':');
    let digits =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    parts.next().is_some_and(digits)
        && parts.all(|part| {
            let whole = part.split('.').next().unwrap_or_default();
            let fraction = part.strip_prefix(whole).unwrap_or_default().replacen('.', "", 1);
            whole.len() <= 2
                && digits(whole)
                && whole.parse::<u8>().is_ok_and(|value| value < 60)
                && (fraction.is_empty() || digits(&fraction))
        })
}

/// Digits with at most one point and at most one exponent.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_are_what_both_versions_of_yaml_say() {
        let table = [
            ("", json!(null)),
            ("~", json!(null)),
            ("true", json!(true)),
            ("FALSE", json!(false)),
            ("2012-10-17", json!("2012-10-17")),
            ("2010-09-09T10:00:00Z", json!("2010-09-09T10:00:00Z")),
            ("y", json!("y")),
            ("N", json!("N")),
            ("0", json!(0)),
            ("-17", json!(-17)),
            ("5432", json!(5432)),
            ("9007199254740992", json!(9_007_199_254_740_992_u64)),
            ("16.9", json!(16.9)),
            ("0.5", json!(0.5)),
            ("10.0.0.0/16", json!("10.0.0.0/16")),
            ("10.0.0.1", json!("10.0.0.1")),
            ("1.2.3", json!("1.2.3")),
            ("3a", json!("3a")),
            ("a:b", json!("a:b")),
            ("10:99:00", json!("10:99:00")),
            ("...", json!("...")),
            (".", json!(".")),
            ("-", json!("-")),
            ("-x", json!("-x")),
            ("00:1a:2b", json!("00:1a:2b")),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn scalars_that_mean_two_things_are_refused() {
        let table = [
            ("Yes", Refusal::YesOrNo),
            ("off", Refusal::YesOrNo),
            ("000500", Refusal::LeadingZero),
            ("012345678901", Refusal::LeadingZero),
            ("00.5", Refusal::LeadingZero),
            ("12:30:00", Refusal::Sexagesimal),
            ("22:22", Refusal::Sexagesimal),
            ("1:30.5", Refusal::Sexagesimal),
            ("1_000", Refusal::Underscore),
            ("0x1F", Refusal::Radix),
            ("0o17", Refusal::Radix),
            ("0b101", Refusal::Radix),
            (".inf", Refusal::NotFinite),
            ("-.INF", Refusal::NotFinite),
            ("1e400", Refusal::NotFinite),
            ("1e3", Refusal::NotAsWritten),
            ("16.10", Refusal::NotAsWritten),
            ("8.0", Refusal::NotAsWritten),
            ("-2.0", Refusal::NotAsWritten),
            ("1.", Refusal::NotAsWritten),
            (".5", Refusal::NotAsWritten),
            ("+5", Refusal::NotAsWritten),
            ("-0", Refusal::NotAsWritten),
            ("9007199254740993", Refusal::TooLarge),
            ("123456789012345678901234567890", Refusal::TooLarge),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), Err(expected), "{text}");
        }
    }
}
