//! What the scenarios share: a scratch directory with a project in it, and the binary.

pub mod project;
