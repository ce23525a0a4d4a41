//! What the scenarios share.

#[cfg(feature = "aws")]
pub mod answers;
#[cfg(feature = "aws")]
pub mod ministack;
pub mod shipped;
#[cfg(feature = "aws")]
pub mod target;
