//! The embedded engine against its specification, `docs/local-engine.md`: every test names the rules
//! it shows.

mod account;
mod answers;
mod any_template;
mod calls;
mod changes;
mod deletion;
mod exports;
mod language;
mod nested;
mod operations;
mod persistence;
mod policies;
mod replacements;
mod requests;
mod shapes;
mod statuses;
mod support;
mod templates;
mod time;
