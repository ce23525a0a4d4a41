//! Identifiers derived from what they identify. Nothing in this engine is random, so that the same
//! commands on the same state give the same ids.

use crate::model::Digest;

/// Digits for generated names, as AWS uses them.
const UPPER: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// `length` hexadecimal digits, at most 64.
pub fn hex(seed: &str, length: usize) -> String {
    Digest::of(seed).short(length)
}

/// `length` capital letters and digits.
pub fn upper(seed: &str, length: usize) -> String {
    pick(seed, length, UPPER)
}

/// `length` small letters and digits.
pub fn lower(seed: &str, length: usize) -> String {
    upper(seed, length).to_ascii_lowercase()
}

/// `length` decimal digits, the first of them not zero.
pub fn digits(seed: &str, length: usize) -> String {
    let rest = pick(seed, length.saturating_sub(1), b"0123456789");
    format!("{}{rest}", pick(&format!("{seed}/first"), 1, b"123456789"))
}

fn pick(seed: &str, length: usize, alphabet: &[u8]) -> String {
    let hex = Digest::of(seed).hex();
    let bytes = (0..length).map(|index| {
        let start = (index * 2) % 64;
        usize::from_str_radix(&hex[start..start + 2], 16).expect("a digest's text is hexadecimal")
    });
    bytes.map(|byte| char::from(alphabet[byte % alphabet.len()])).collect()
}

/// A UUID of version 4's form.
pub fn uuid(seed: &str) -> String {
    let hex = Digest::of(seed).hex();
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// An IPv4 address of the blocks reserved for documentation (RFC 5737), which reach nobody.
pub fn address(seed: &str) -> String {
    let hex = Digest::of(seed).hex();
    let number = u16::from_str_radix(&hex[..4], 16).expect("a digest's text is hexadecimal");
    let blocks = ["192.0.2", "198.51.100", "203.0.113"];
    format!("{}.{}", blocks[usize::from(number / 254) % 3], number % 254 + 1)
}

/// `STACK-LOGICAL-RANDOM`, as AWS names what the template leaves unnamed, shortened to `limit`
/// characters. Hyphens never double, which some services refuse.
pub fn name(stack: &str, logical_id: &str, seed: &str, limit: usize) -> String {
    let suffix = upper(seed, 12);
    let room = limit.saturating_sub(suffix.len() + 2);
    let logical = &logical_id[..logical_id.len().min(room / 2)];
    let stack = stack[..stack.len().min(room - logical.len())].trim_end_matches('-');
    format!("{stack}-{logical}-{suffix}").replace("--", "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_kept() {
        insta::assert_snapshot!(
            [uuid("a"), hex("a", 8), upper("a", 13), digits("a", 10), address("a"), address("b")].join("\n"),
            @"
        ca978112-ca1b-4dca-aac2-31b39a23dc4d
        ca978112
        WHVSW1JW8ON9K
        9219827920
        192.0.2.48
        203.0.113.160
        "
        );
    }

    #[test]
    fn generated_names_respect_their_limit() {
        let stack = "fieldbook-production-web-with-a-long-name";
        for limit in [32, 63, 64, 128] {
            let name = name(stack, "LoadBalancer", "seed", limit);
            assert!(name.len() <= limit && !name.contains("--"), "{name}");
        }
        assert_eq!(name("demo", "Queue", "seed", 80).split('-').count(), 3);
    }
}
