//! Reads CloudFormation text, YAML or JSON, into JSON with positions; answers what others ask of it.
//!
//! May not open files, render Tera, or decide what is deployed: it gets bytes and a name, and
//! answers with a [`Document`] or with diagnostics that point into the text.

pub mod analysis;
mod build;
mod document;
mod insertion;
mod json;
mod node;
mod origin;
mod scalar;
mod short_form;
mod text;
mod yaml;

#[cfg(test)]
mod tests;

pub use document::{Document, read, read_as_found, read_rendered};
pub use insertion::{Insertion, Insertions, contains_token_characters, stamp, take_stamps, token};
pub use origin::{Lines, Origin, Piece, SourceFile};
pub use text::{MAXIMUM_BYTES, decode};
