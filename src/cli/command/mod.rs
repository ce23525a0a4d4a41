//! One file a command: arguments in, layers called in order, results shown, exit code out.

pub mod attach;
pub mod build;
pub mod check;
pub mod completions;
pub mod deploy;
mod determinism;
pub mod estimate;
pub mod graph;
pub mod image;
pub mod init;
pub mod local;
pub mod lock;
pub mod outputs;
pub mod plan;
pub mod rebuild;
pub mod rebuild_elsewhere;
pub mod render;
pub mod status;
pub mod teardown;
pub mod verify;
