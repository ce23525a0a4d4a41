//! What a run needs of whoever brings images to where stacks pull them from.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;

use crate::model::{BuiltImage, InstanceName};

/// Builds and pushes images beside the walk over the stacks.
#[async_trait]
pub trait Delivery: Send + Sync + fmt::Debug {
    /// A stack stands with these outputs. Repositories that they name are known from now on.
    fn stands(&self, instance: &InstanceName, outputs: &BTreeMap<String, String>);

    /// Returns when an image can be pulled, where anybody pulls it.
    ///
    /// # Errors
    /// Why it will not be there.
    async fn delivered(&self, image: &BuiltImage) -> Result<(), NotDelivered>;
}

/// An image is not where a stack would pull it from.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the image `{image}` is not there: {why}")]
pub struct NotDelivered {
    /// Which image.
    pub image: InstanceName,
    /// What went wrong, and what to do next.
    pub why: String,
}
