//! The embedded engine against its specification, `docs/local-engine.md`: every test names the rules
//! it shows.

mod any_template;
mod changes;
mod deletion;
mod exports;
mod language;
mod operations;
mod persistence;
mod requests;
mod shapes;
mod support;
mod templates;
mod time;
