//! Reads the project's own files and resolves an environment: bytes to a checked project.
//!
//! May not open files, know Tera, or look anything up. Every problem is a diagnostic with its
//! place; several are collected in one go.

mod cross_check;
pub mod decode;
mod draft;
pub mod duration;
mod elsewhere;
mod fetch;
#[cfg(test)]
pub mod fixture;
mod graph;
pub mod image_file;
pub mod input;
pub mod interface;
mod lineage;
pub mod lock;
pub mod manifest_file;
pub mod project;
pub mod reference;
pub mod resolve;
mod resolve_image;
mod resolve_reference;
pub mod scalar;
pub mod source;
pub mod suggestion;
pub mod tags;
#[cfg(test)]
mod tests;
pub mod unit_file;
pub mod yaml;

pub use draft::draft;
pub use lock::{FactProvider, Lock, LockChange, LockUpdate, TemplateDigests};
pub use project::{Project, TemplateVersion};
pub use resolve::{ResolvedEnvironment, ResolvedUnit};
pub use resolve_image::ResolvedImage;
