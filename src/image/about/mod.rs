//! What is said about an image beside it: what it was made from and by whom (an in-toto statement with the
//! SLSA provenance predicate), and which packages are in it (a list in SPDX). Each is an artifact of its own
//! in the store and in registries, which names the image as its subject; the image stays as it is.
//!
//! Both are functions of their arguments: there is no time and no name of a machine in them. What is
//! secret is not known here.

mod artifact;
mod provenance;
mod software;
mod spdx;
#[cfg(test)]
mod tests;

pub use artifact::{Attachment, EMPTY, artifact};
pub use provenance::{Made, Material, provenance};
pub use software::{Package, Software, Texts};
pub use spdx::spdx;

pub(super) use software::{LARGEST, is_wanted};
