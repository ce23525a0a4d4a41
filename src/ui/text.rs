//! Small pieces of text that several views share.

use jiff::Timestamp;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::Digest;

/// Seconds as people say them: `0s`, `12s`, `3m 05s`, `1h 04m 05s`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m {seconds:02}s"),
        _ => format!("{hours}h {minutes:02}m {seconds:02}s"),
    }
}

/// Time passed, in its one or two greatest units: `now`, `5m`, `3h`, `12d`.
pub fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs();
    match seconds {
        ..1 => "now".to_owned(),
        1..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Seconds between two moments, never negative.
pub fn seconds_between(start: Timestamp, end: Timestamp) -> f64 {
    end.duration_since(start).as_secs_f64().max(0.0)
}

/// The time of day in UTC, as log lines begin: `10:04:59`.
pub fn clock_time(time: Timestamp) -> String {
    time.strftime("%H:%M:%S").to_string()
}

/// Bytes as people read them: `1.50 GiB`.
pub fn bytes(number: u64) -> String {
    indicatif::BinaryBytes(number).to_string()
}

/// A digest as narrow as it can be recognised.
pub fn short(digest: &Digest) -> String {
    digest.short(12)
}

/// `1 resource`, `2 resources`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Columns a text takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` filled up with blanks to `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// `text` cut to at most `columns`, with an ellipsis where something was cut.
pub fn truncate(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > columns {
            break;
        }
        kept.push(character);
    }
    kept + "…"
}

/// `text` without control characters: what a service or a file says must not steer the terminal.
/// Line ends and tabs become blanks.
pub fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|character| match character {
            '\n' | '\t' => Some(' '),
            other if other.is_control() => None,
            other => Some(other),
        })
        .collect()
}

/// `text` broken at blanks into lines of at most `columns`; longer words stay whole.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        if lines[last].is_empty() {
            lines[last].push_str(word);
        } else if width(&lines[last]) + 1 + width(word) <= columns {
            lines[last].push(' ');
            lines[last].push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A JSON document as people can read it, with a line end.
pub fn document(value: &serde_json::Value) -> String {
    let text = serde_json::to_string_pretty(value).expect("a JSON value always serialises");
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_speech() {
        for (seconds, expected) in [
            (0.2, "0s"),
            (59.6, "1m 00s"),
            (12.0, "12s"),
            (185.0, "3m 05s"),
            (3845.0, "1h 04m 05s"),
            (-1.0, "0s"),
        ] {
            assert_eq!(duration(seconds), expected);
        }
    }

    #[test]
    fn ages_have_one_unit() {
        let start: Timestamp = "2026-11-01T10:00:00Z".parse().unwrap();
        for (end, expected) in [
            ("2026-11-01T10:00:00Z", "now"),
            ("2026-11-01T10:00:59Z", "59s"),
            ("2026-11-01T11:59:59Z", "1h"),
            ("2026-11-13T10:00:00Z", "12d"),
        ] {
            assert_eq!(age(start, end.parse().unwrap()), expected);
        }
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(truncate("網路網路", 5), "網路…");
        assert_eq!(pad("網", 4), "網  ");
        assert_eq!(truncate("short", 5), "short");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\nc\td\u{7}"), "a[31mb c d");
    }

    #[test]
    fn long_text_is_broken_at_blanks() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("", 7), [""]);
    }
}
