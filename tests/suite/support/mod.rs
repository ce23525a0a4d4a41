//! What the scenarios share.

#[cfg(feature = "aws")]
pub mod answers;
#[cfg(feature = "aws")]
pub mod ministack;
#[cfg(feature = "aws")]
pub mod request;
#[cfg(feature = "aws")]
pub mod target;
