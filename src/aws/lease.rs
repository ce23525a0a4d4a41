//! The lease on an environment as an object in the target's artifact bucket, written conditionally.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;

use crate::aws::error::Endpoint;
use crate::model::{AccountId, Lease, lease};
use crate::port::{LeaseStore, LeaseVersion, PortError, PortErrorKind};

/// Attempts of a call whose answer may have been lost: a lease must not be given up for one.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_secs(1);

/// One object in a bucket.
#[derive(Debug)]
pub struct S3Lease {
    pub(super) client: Client,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) account: AccountId,
    pub(super) endpoint: Endpoint,
    pub(super) clock: fn() -> Timestamp,
}

impl S3Lease {
    async fn read_once(&self) -> Result<Option<(Lease, LeaseVersion)>, PortError> {
        let request = self.client.get_object().bucket(&self.bucket).key(&self.key);
        let answer = request.expected_bucket_owner(self.account.as_str()).send().await;
        let found = match answer {
            Ok(found) => found,
            Err(error) if status(&error) == Some(404) && is_no_key(&error) => return Ok(None),
            Err(error) => return Err(advised(self.endpoint.failure("GetObject", &self.place(), error))),
        };
        let version = found.e_tag().map(|tag| LeaseVersion(tag.to_owned()));
        let bytes = found.body.collect().await.map_err(|error| {
            PortError::new(PortErrorKind::Unavailable, "GetObject", "the answer broke off").with_source(error)
        })?;
        let lease = parse(&bytes.into_bytes(), &self.place())?;
        let version = version.ok_or_else(|| {
            PortError::new(PortErrorKind::Malformed, format!("GetObject `{}`", self.place()), "no ETag came")
        })?;
        Ok(Some((lease, version)))
    }

    async fn write_once(
        &self,
        lease: &Lease,
        over: Option<&LeaseVersion>,
    ) -> Result<Option<LeaseVersion>, PortError> {
        let text = serde_json::to_vec(lease).expect("a lease has string keys and plain values");
        let request = self.client.put_object().bucket(&self.bucket).key(&self.key);
        let request = match over {
            None => request.if_none_match("*"),
            Some(LeaseVersion(version)) => request.if_match(version),
        };
        let request = request.expected_bucket_owner(self.account.as_str()).content_type("application/json");
        match request.body(ByteStream::from(text)).send().await {
            Ok(written) => {
                let malformed = || PortError::new(PortErrorKind::Malformed, "PutObject", "no ETag came");
                Ok(Some(LeaseVersion(written.e_tag().ok_or_else(malformed)?.to_owned())))
            }
            // Lost to somebody else, before or at the same time, or removed meanwhile.
            Err(error) if matches!(status(&error), Some(412 | 409)) => Ok(None),
            Err(error) if over.is_some() && status(&error) == Some(404) && is_no_key(&error) => Ok(None),
            Err(error) => Err(advised(self.endpoint.failure("PutObject", &self.place(), error))),
        }
    }
}

#[async_trait]
impl LeaseStore for S3Lease {
    async fn read(&self) -> Result<Option<(Lease, LeaseVersion)>, PortError> {
        let mut attempt = 1;
        loop {
            match self.read_once().await {
                Err(error) if error.is_transient() && attempt < ATTEMPTS => self.sleep(PAUSE * attempt).await,
                answer => return answer,
            }
            attempt += 1;
        }
    }

    async fn write(
        &self,
        lease: &Lease,
        over: Option<&LeaseVersion>,
    ) -> Result<Option<LeaseVersion>, PortError> {
        let mut attempt = 1;
        loop {
            match self.write_once(lease, over).await {
                Err(error) if error.is_transient() && attempt < ATTEMPTS => self.sleep(PAUSE * attempt).await,
                // An attempt before may have written although its answer was lost.
                Ok(None) if attempt > 1 => {
                    let found = self.read().await?;
                    return Ok(found.filter(|(found, _)| found == lease).map(|(_, version)| version));
                }
                answer => return answer,
            }
            attempt += 1;
        }
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn place(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }
}

/// Reads a lease; anything else is refused, never replaced.
fn parse(bytes: &[u8], place: &str) -> Result<Lease, PortError> {
    let refused = |message: String, hint: &str| {
        PortError::new(PortErrorKind::Malformed, format!("read the lease `{place}`"), message).with_hint(hint)
    };
    #[derive(serde::Deserialize)]
    struct Format {
        schema: u32,
    }
    let no_lease = |error: serde_json::Error| {
        let hint = "nothing was touched. Find out who wrote it; if it is nobody's, remove the object and run \
                    the command again";
        refused(format!("it is no lease: {error}"), hint)
    };
    let Format { schema } = serde_json::from_slice(bytes).map_err(no_lease)?;
    if schema > lease::SCHEMA {
        let message = format!("it is of format {schema}, newer than {}", lease::SCHEMA);
        return Err(refused(message, "a later rekindle works on this environment; update this one"));
    }
    serde_json::from_slice(bytes).map_err(no_lease)
}

fn advised(failure: PortError) -> PortError {
    match failure.kind {
        PortErrorKind::NotFound | PortErrorKind::Denied | PortErrorKind::Other => failure.with_hint(
            "the target's `artifacts` bucket must exist, in the target's account and region, and the caller must \
             be allowed to read and write there (s3:GetObject, s3:PutObject)",
        ),
        _ => failure,
    }
}

fn status<E>(error: &aws_sdk_s3::error::SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// Whether the object is missing, and not its bucket.
fn is_no_key<E: aws_sdk_s3::error::ProvideErrorMetadata>(error: &aws_sdk_s3::error::SdkError<E>) -> bool {
    use aws_sdk_s3::error::ProvideErrorMetadata as _;
    error.code() == Some("NoSuchKey")
}
