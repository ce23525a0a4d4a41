//! How random a text is.

/// Bits per character by Shannon's measure, over the characters of the text itself.
pub(super) fn bits_per_character(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let length = text.len() as f64;
    let bits = |count: &u32| {
        let share = f64::from(*count) / length;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(bits).sum()
}

/// Shortest text that is judged: below, words are as mixed as keys.
const SHORTEST: usize = 20;

/// Whether a text is as mixed as generated keys are. The bounds lie between English words joined
/// by hyphens (up to 3.9 bits, measured over this project's pages) and random letters and digits.
pub(super) fn is_random(text: &str) -> bool {
    let is_key = |letter: char| letter.is_ascii_alphanumeric() || "+/=_-.~!@#%^&*".contains(letter);
    if text.len() < SHORTEST || !text.chars().all(is_key) {
        return false;
    }
    let has = |kind: fn(&char) -> bool| text.chars().any(|letter| kind(&letter));
    let is_hexadecimal = text.chars().all(|letter| letter.is_ascii_hexdigit());
    if is_hexadecimal {
        return text.len() >= 32 && has(char::is_ascii_digit) && bits_per_character(text) > 3.0;
    }
    has(char::is_ascii_digit)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
        && bits_per_character(text) > 4.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_keys_are_random_and_names_are_not() {
        for key in [
            concat!("wJalrXUtnFEMI", "K7MDENGbPxRfiCYzQ8kLm2Xp9"),
            "9f86d081884c7d659a2feaa0c55ad015",
            "Zx8-qT2_vN5+Lp0/Rw7=",
        ] {
            assert!(is_random(key), "{key} {}", bits_per_character(key));
        }
        for name in [
            "fieldbook-production-database",
            "AWSLambdaBasicExecutionRole",
            "aaaaaaaaaaaaaaaaaaaaaaaa",
            "123456789012",
        ] {
            assert!(!is_random(name), "{name} {}", bits_per_character(name));
        }
    }
}
