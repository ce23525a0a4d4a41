//! The one integration-test binary: each file is one scenario group (see `docs/ARCHITECTURE.md`).
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

mod bad_input;
mod documents;
mod layers;
mod main_job;
mod support;
