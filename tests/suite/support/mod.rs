//! What the scenarios share: a scratch directory with a project in it, the binary, a server that
//! gives bad answers.

pub mod project;
#[cfg(feature = "aws")]
pub mod server;
