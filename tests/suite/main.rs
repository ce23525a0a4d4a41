//! The one integration-test binary: each file is one scenario group (see `docs/ARCHITECTURE.md`).
#![allow(clippy::unwrap_used, missing_docs)]

mod source;
