//! The one integration-test binary: each file is one scenario group (see `docs/ARCHITECTURE.md`).
#![allow(clippy::unwrap_used, missing_docs)]

#[cfg(feature = "aws")]
mod aws_answers;
#[cfg(feature = "aws")]
mod aws_change_sets;
#[cfg(feature = "aws")]
mod aws_failures;
mod conformance;
mod local_engine;
#[cfg(feature = "aws")]
mod ministack;
mod support;
