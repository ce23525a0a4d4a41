//! Images from plain Dockerfiles, without an engine where they only copy and configure: what a
//! Dockerfile means, which files the image has, its layer, its configuration, its manifest.
//!
//! May not open files, read a clock or know a unit: it gets texts, listings with digests, and readers.
//! Every rule that a digest hangs on carries the number [`RULES`]; see `docs/images.md`.

pub mod about;
mod assemble;
mod base;
pub mod canonical;
mod configuration;
mod copy;
mod copying;
mod dockerfile;
mod environment;
mod execution;
mod ignore;
mod instructions;
mod layer;
mod mounts;
mod pattern;
mod pax;
mod preparation;
mod recipe;
mod stages;
mod tree;
mod words;

#[cfg(test)]
mod tests;

pub use assemble::{AssembleError, Blob, Blobs, Contents, ContextFile, Progress, assemble, texts};
pub use base::{Base, BaseError, BaseLayer, base_image, base_layers};
pub use configuration::Layer;
pub use dockerfile::check_syntax;
pub(crate) use dockerfile::keyword;
pub use execution::{DOCKERFILE_NAME, Execution, local_name};
pub use ignore::IgnoreRules;
pub use recipe::{Known, Recipe, Request, base_names, read};

/// The number of the rules by which an image comes from its input: raised whenever the same input
/// would give other bytes.
pub const RULES: u32 = 1;

/// The media type of an image's manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
