//! Time spans as people write them in inputs: `90s`, `15m`, `1h30m`, `7d`, `2w`.

/// The seconds of `text`: numbers with units, largest unit first, each at most once.
pub fn seconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut last_unit = u64::MAX;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let unit = match tail.chars().next()? {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        if unit >= last_unit {
            return None;
        }
        last_unit = unit;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = &tail[1..];
    }
    (last_unit != u64::MAX && total <= 1 << 53).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_add_up() {
        for (text, expected) in [
            ("0s", Some(0)),
            ("90s", Some(90)),
            ("1h30m", Some(5_400)),
            ("7d", Some(604_800)),
            ("2w1d", Some(1_296_000)),
            ("", None),
            ("7", None),
            ("d", None),
            ("1m1h", None),
            ("1h 30m", None),
            ("1y", None),
            ("99999999999999999999s", None),
            ("9999999999999999w", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_a_panic(text in "\\PC{0,20}") {
            let _ = seconds(&text);
        }
    }
}
