//! Templates that are too long to send: uploaded to the target's bucket, once per content.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;

use crate::aws::error::Endpoint;
use crate::model::{AccountId, Digest};
use crate::port::{PortError, PortErrorKind};

/// The longest template that can be sent inside a request, in bytes.
/// Source: CloudFormation user guide, "Understand CloudFormation quotas", template body size.
pub const INLINE_LIMIT: usize = 51_200;

/// The longest template CloudFormation reads from S3, in bytes. Source: as above.
pub const URL_LIMIT: usize = 1_000_000;

/// How a template goes into a request: exactly one of the two is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentTemplate {
    /// The text itself.
    pub body: Option<String>,
    /// Where CloudFormation finds it.
    pub url: Option<String>,
}

/// The place for long templates: a bucket in the target's account and region.
#[derive(Debug)]
pub struct Artifacts {
    client: Client,
    bucket: String,
    prefix: String,
    account: AccountId,
}

impl Artifacts {
    /// `location` is `s3://BUCKET[/PREFIX]`; `account` must own the bucket.
    pub fn new(location: &str, account: &AccountId, client: Client) -> Result<Self, PortError> {
        let (bucket, prefix) = place(location)?;
        Ok(Self { client, bucket: bucket.to_owned(), prefix: prefix.to_owned(), account: account.clone() })
    }

    /// Makes sure the template is in the bucket; returns its URL. The key is the content's digest
    /// and the write is conditional, so what is there already is never written again.
    async fn upload(&self, template: &str, endpoint: &Endpoint) -> Result<String, PortError> {
        let key = key(&self.prefix, template);
        let object = format!("s3://{}/{key}", self.bucket);
        let answer = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(&key)
            .if_none_match("*")
            .expected_bucket_owner(self.account.as_str())
            .content_type("application/json")
            .body(ByteStream::from(template.as_bytes().to_vec()))
            .send()
            .await;
        match answer {
            Ok(_) => {}
            Err(error) if is_already_there(&error) => {}
            Err(error) => return Err(advised(endpoint.failure("PutObject", &object, error))),
        }
        self.url(&key, &object, endpoint).await
    }

    /// The object's address, by the SDK's own rules for endpoints: signed, then the signature cut
    /// off, since CloudFormation reads with the caller's permissions.
    async fn url(&self, key: &str, object: &str, endpoint: &Endpoint) -> Result<String, PortError> {
        let signing = PresigningConfig::expires_in(Duration::from_secs(60))
            .expect("a minute is within the week that S3 allows");
        let signed = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .presigned(signing)
            .await
            .map_err(|error| endpoint.failure("GetObject", object, error))?;
        let address = signed.uri();
        Ok(address.split_once('?').map_or(address, |(address, _)| address).to_owned())
    }
}

/// The template as it goes into the request about `stack`.
pub async fn sent(
    template: &str,
    artifacts: Option<&Artifacts>,
    stack: &str,
    endpoint: &Endpoint,
) -> Result<SentTemplate, PortError> {
    if template.len() <= INLINE_LIMIT {
        return Ok(SentTemplate { body: Some(template.to_owned()), url: None });
    }
    let refused = |limit: &str, hint: &str| {
        let operation = format!("sending the template of `{stack}`");
        let message = format!("the template has {} bytes, {limit}", template.len());
        PortError::new(PortErrorKind::Invalid, operation, message).with_hint(hint)
    };
    if template.len() > URL_LIMIT {
        return Err(refused(
            "CloudFormation reads at most 1,000,000",
            "split the unit into two; a reference (`!output`) joins them",
        ));
    }
    let artifacts = artifacts.ok_or_else(|| {
        refused(
            "more than the 51,200 that fit into a request, and the target names no bucket for it",
            "add `artifacts: s3://BUCKET` to the target: a bucket in the target's account and region",
        )
    })?;
    Ok(SentTemplate { body: None, url: Some(artifacts.upload(template, endpoint).await?) })
}

/// Bucket and prefix of `s3://BUCKET[/PREFIX]`.
pub fn place(location: &str) -> Result<(&str, &str), PortError> {
    parse(location).ok_or_else(|| {
        PortError::new(
            PortErrorKind::Invalid,
            "reading the target's `artifacts`",
            format!("`{location}` is not a place in S3"),
        )
        .with_hint("write `artifacts: s3://BUCKET` or `artifacts: s3://BUCKET/PREFIX`")
    })
}

fn parse(location: &str) -> Option<(&str, &str)> {
    let rest = location.strip_prefix("s3://")?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    ((3..=63).contains(&bucket.len()) && bucket.bytes().all(valid))
        .then_some((bucket, prefix.trim_matches('/')))
}

fn key(prefix: &str, template: &str) -> String {
    let name = format!("templates/{}.json", Digest::of(template).hex());
    if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
}

/// A bucket that is missing, elsewhere or not ours is a matter of the project's own files.
fn advised(failure: PortError) -> PortError {
    match failure.kind {
        PortErrorKind::NotFound | PortErrorKind::Denied | PortErrorKind::Other => failure.with_hint(
            "the target's `artifacts` bucket must exist, in the target's account and region, \
             and the caller must be allowed to write there (s3:PutObject)",
        ),
        _ => failure,
    }
}

/// A conditional write that loses answers 412 "Precondition Failed".
fn is_already_there<E>(error: &aws_sdk_s3::error::SdkError<E>) -> bool {
    error.raw_response().is_some_and(|response| response.status().as_u16() == 412)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_s3_are_read() {
        assert_eq!(parse("s3://fieldbook-artifacts"), Some(("fieldbook-artifacts", "")));
        assert_eq!(parse("s3://fieldbook.artifacts/a/b/"), Some(("fieldbook.artifacts", "a/b")));
        for wrong in ["fieldbook", "s3://", "s3://ab", "s3://Upper", "https://bucket", "s3:///key"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn equal_content_has_one_key() {
        assert_eq!(key("", "{}"), key("", "{}"));
        assert_ne!(key("", "{}"), key("", "{ }"));
        assert!(key("a/b", "{}").starts_with("a/b/templates/44136fa355b3678a"));
    }
}
