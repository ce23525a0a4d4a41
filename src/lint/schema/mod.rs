//! Resources against the published schemas of their types.
//!
//! Lenient where CloudFormation is: a text that reads as a number is one, what is known only while
//! deploying is never judged by its value, each branch of `Fn::If` is judged, and `AWS::NoValue`
//! takes its property or item out.

mod advice;
pub(super) mod attributes;
mod choices;
mod constraints;
mod formats;
mod judge;
mod lists;
mod maps;
mod names;
mod patterns;
mod presence;
mod resources;
mod scalars;
mod sources;

pub(super) use resources::check;
pub(super) use sources::gives_no_text;
