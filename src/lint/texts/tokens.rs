//! Secrets that say themselves what they are: the shapes of tokens that services publish.
//!
//! Sources: the services' own documentation of their token formats (GitHub "About authentication",
//! Slack "Token types", Stripe "API keys", AWS IAM "Understanding unique ID prefixes", GitLab
//! "Token overview", RFC 7468 for keys, RFC 7519 for JSON Web Tokens).

use std::sync::LazyLock;

use fancy_regex::Regex;

/// Texts that every shape has one of: a cheap look before the expressions.
const MARKS: [&str; 22] = [
    "AKIA",
    "ASIA",
    "gh",
    "glpat-",
    "xox",
    "hooks.slack.com",
    "sk_live_",
    "rk_live_",
    "AIza",
    "PRIVATE KEY",
    "eyJ",
    "npm_",
    "pypi-",
    "SG.",
    "dop_v1_",
    "hf_",
    "shpat_",
    "sk-",
    "dckr_pat_",
    "://",
    "whsec_",
    "ATATT",
];

static SHAPES: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    [
        ("an AWS access key", r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])"),
        ("a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\s*[A-Za-z0-9+/=]{16}"),
        ("a GitHub token", r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})"),
        ("a GitLab token", r"(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,}"),
        ("a Slack token", r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{20,}"),
        ("a Slack webhook", r"hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{16,}"),
        ("a Stripe key", r"(?<![A-Za-z0-9])[rs]k_live_[A-Za-z0-9]{16,}"),
        ("a webhook secret", r"(?<![A-Za-z0-9])whsec_[A-Za-z0-9+/]{24,}"),
        ("a Google API key", r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9])"),
        (
            "a JSON Web Token",
            r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,}",
        ),
        ("an npm token", r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
        ("a PyPI token", r"(?<![A-Za-z0-9])pypi-[A-Za-z0-9_-]{50,}"),
        ("a SendGrid key", r"(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
        ("a DigitalOcean token", r"(?<![A-Za-z0-9])dop_v1_[a-f0-9]{64}"),
        ("a Hugging Face token", r"(?<![A-Za-z0-9])hf_[A-Za-z]{34}(?![A-Za-z0-9])"),
        ("a Shopify token", r"(?<![A-Za-z0-9])shpat_[a-fA-F0-9]{32}"),
        ("an Atlassian token", r"(?<![A-Za-z0-9])ATATT[A-Za-z0-9_=-]{40,}"),
        ("a Docker Hub token", r"(?<![A-Za-z0-9])dckr_pat_[A-Za-z0-9_-]{20,}"),
        ("an API key", r"(?<![A-Za-z0-9])sk-(?:proj-|ant-[a-z0-9]+-)?[A-Za-z0-9_-]{40,}"),
        ("a password in an address", r"[a-z][a-z0-9+.-]*://[^\s/:@${}]+:[^\s/:@${}<>*]{3,}@[A-Za-z0-9]"),
    ]
    .into_iter()
    .map(|(what, shape)| (what, Regex::new(shape).expect("the expression is constant")))
    .collect()
});

/// The example that AWS's documentation uses everywhere.
const EXAMPLE: &str = "EXAMPLE";

/// What kind of secret a text holds, if one says so itself.
pub(super) fn shape(text: &str) -> Option<&'static str> {
    if text.len() < 12 || !MARKS.iter().any(|mark| text.contains(mark)) {
        return None;
    }
    SHAPES.iter().find_map(|(what, shape)| {
        let found = shape.find(text).ok().flatten()?;
        (!found.as_str().contains(EXAMPLE)).then_some(*what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_by_their_shape() {
        // Put together here, so that no scanner takes this file for a leak.
        let random = "aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW2xY4zA6b";
        for (what, text) in [
            ("an AWS access key", format!("AKI{}", "AIOSFODNN7ABCDEFG")),
            ("a private key", format!("-----BEGIN RSA PRIVATE {}\n{random}", "KEY-----")),
            ("a GitHub token", format!("x gh{}_{}", "p", &random[..36])),
            ("a Slack token", format!("xox{}-1234567890-{random}", "b")),
            ("a Stripe key", format!("sk_{}_{random}", "live")),
            ("a Google API key", format!("AI{}{}", "za", &random[..35])),
            ("a JSON Web Token", format!("eyJ{random}.eyJ{random}.{random}")),
            ("a password in an address", format!("postgres://app:{}@db.internal/x", &random[..12])),
        ] {
            assert_eq!(shape(&text), Some(what), "{text}");
        }
    }

    #[test]
    fn what_only_looks_alike_is_let_pass() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "https://example.com/path:80@x",
            "postgres://${User}:${Password}@db.internal/x",
            "arn:aws:iam::123456789012:role/x",
            "ghost_writer",
            "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0",
            "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(shape(text), None, "{text}");
        }
    }
}
