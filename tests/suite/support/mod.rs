//! What the scenarios share: a scratch directory with a project in it, the binary, an emulator, and
//! a server that gives recorded or bad answers.

#[cfg(feature = "aws")]
pub mod answers;
pub mod context;
#[cfg(feature = "docker")]
pub mod debian;
#[cfg(feature = "docker")]
pub mod dockerd;
#[cfg(feature = "aws")]
pub mod emulator;
#[cfg(feature = "aws")]
pub mod faults;
#[cfg(any(feature = "aws", feature = "docker"))]
pub mod http;
#[cfg(feature = "aws")]
pub mod ministack;
pub mod project;
pub mod reach;
#[cfg(feature = "docker")]
pub mod registry;
#[cfg(feature = "aws")]
pub mod request;
#[cfg(feature = "aws")]
pub mod server;
pub mod shipped;
#[cfg(feature = "aws")]
pub mod target;
#[cfg(feature = "docker")]
pub mod tokens;
