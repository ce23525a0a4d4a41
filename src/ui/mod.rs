//! What people and programs see: errors, plans, runs, outcomes, tables.
//!
//! May not call ports, read clocks or change outcomes. Finished things are turned into text by
//! pure functions; running ones are [`run`] views, which write to the writer they were given. Every
//! document for programs carries the number of its format, [`SCHEMA`].

pub mod build_view;
mod consequence_view;
pub mod error;
pub mod error_json;
pub mod estimate_view;
mod fold;
pub mod image_about_view;
pub mod image_diff_view;
pub mod image_plan_view;
pub mod orphans_view;
pub mod outcome_view;
pub mod outputs_view;
mod palette;
pub mod picture;
pub mod plan_json;
pub mod plan_view;
pub mod proof_view;
pub mod rehearsal_view;
pub mod render_view;
pub mod run;
pub mod sarif;
pub mod status_view;
mod table;
#[cfg(test)]
mod tests;
pub mod text;
pub mod verify_view;

pub use fold::fold;
pub use palette::{Colour, Label, Palette};

/// Number of the format of JSON documents and event streams. Fields may be added under the same
/// number; it is raised when one changes its meaning or goes.
pub const SCHEMA: u32 = 1;
