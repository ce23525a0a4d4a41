//! Joins manifest and render into desired units, with the digests that tie them to their source.
//!
//! A pure function of the project's files: may not open files, ask a cloud or read a clock.

mod artifact;
mod assemble;
mod bases;
mod decided;
mod digests;
mod images;
mod input_manifest;
mod judge;
mod language_checks;
mod outputs;
mod parameter_rules;
mod parameters;
mod preflight;
mod stored;
mod template_checks;

#[cfg(test)]
mod tests;

pub use artifact::{artifact_path, render_document, render_files};
pub use assemble::{Assembler, Assembly, assemble};
pub use digests::Parts;
pub use images::DesiredImage;
pub use input_manifest::{InputManifest, UnitInputs};
pub use judge::judge_drafts;
pub use preflight::preflight;
