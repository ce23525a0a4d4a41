//! What the world outside CloudFormation answers in a rehearsal: the templates that lie in buckets,
//! and what custom resources, wait conditions and signals say.
//!
//! May not read files: it is given their content.

mod reply;

use std::collections::BTreeMap;

use crate::model::facts::Identity;

pub use reply::{Reply, ReplyError, Status};

/// What the world outside answers.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Texts of objects by `BUCKET/KEY`.
    objects: BTreeMap<String, String>,
    /// By `UNIT.RESOURCE`; for a stack without rekindle's tags by its name.
    replies: BTreeMap<String, Reply>,
}

impl Answers {
    /// Puts an object where `BUCKET/KEY` says. Templates are written as JSON.
    pub fn put_object(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.objects.insert(path.into(), text.into());
    }

    /// Takes the reply for `UNIT.RESOURCE`.
    ///
    /// # Errors
    /// [`ReplyError`] when it is none.
    pub fn put_reply(&mut self, resource: impl Into<String>, text: &str) -> Result<(), ReplyError> {
        self.replies.insert(resource.into(), Reply::parse(text)?);
        Ok(())
    }

    /// The object a `TemplateURL` names; the error is what CloudFormation says of one it cannot get.
    pub fn object(&self, url: &str) -> Result<&str, String> {
        let path = object_path(url)
            .ok_or_else(|| format!("TemplateURL must be a supported URL, and {url} is none (Amazon S3)"))?;
        let missing = || format!("S3 error: The specified key does not exist: {path}");
        self.objects.get(&path).map(String::as_str).ok_or_else(missing)
    }

    /// What is on file for a resource of the stack with this name and these tags.
    pub fn reply(
        &self,
        stack_name: &str,
        tags: &BTreeMap<String, String>,
        logical_id: &str,
    ) -> Option<&Reply> {
        let unit = match Identity::from_tags(tags) {
            Some(identity) => identity.instance.unit.to_string(),
            None => stack_name.to_owned(),
        };
        self.replies.get(&format!("{unit}.{logical_id}"))
    }
}

/// `BUCKET/KEY` of a URL of Amazon S3, with the bucket in the path or in the host's name. Source:
/// Amazon S3 user guide, "Methods for accessing a general purpose bucket".
fn object_path(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    let (host, path) = rest.split_once('/')?;
    let path = path.split('?').next().unwrap_or_default();
    let service = host.strip_suffix(".amazonaws.com.cn").or_else(|| host.strip_suffix(".amazonaws.com"))?;
    let is_service = |name: &str| name == "s3" || name.starts_with("s3.") || name.starts_with("s3-");
    if is_service(service) {
        return path.contains('/').then(|| path.to_owned());
    }
    let (bucket, _) = service.rmatch_indices(".s3").map(|(at, _)| service.split_at(at)).next()?;
    (!path.is_empty()).then(|| format!("{bucket}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_objects() {
        for (url, path) in [
            ("https://s3.amazonaws.com/bucket/a/b.json", Some("bucket/a/b.json")),
            ("https://s3.eu-central-1.amazonaws.com/bucket/b.json?versionId=1", Some("bucket/b.json")),
            ("https://s3-eu-west-1.amazonaws.com/bucket/b.json", Some("bucket/b.json")),
            ("https://my.bucket.s3.eu-central-1.amazonaws.com/b.json", Some("my.bucket/b.json")),
            ("https://bucket.s3.amazonaws.com/a/b.json", Some("bucket/a/b.json")),
            ("https://bucket.s3.cn-north-1.amazonaws.com.cn/b.json", Some("bucket/b.json")),
            ("https://example.com/bucket/b.json", None),
            ("http://s3.amazonaws.com/bucket/b.json", None),
            ("https://s3.amazonaws.com/bucket", None),
        ] {
            assert_eq!(object_path(url).as_deref(), path, "{url}");
        }
    }
}
