//! The embedded CloudFormation: an adapter that needs no account, no Docker and no network.
//!
//! It evaluates templates, walks resources in dependency order and answers like the real service,
//! in virtual time. What it does and what it does not is specified in `docs/local-engine.md`; the
//! tests name that document's rules.
//!
//! | file | holds |
//! |---|---|
//! | `cloud`, `client` | opening, sharing, the port |
//! | `request` | what each call checks and answers |
//! | `world`, `schedule`, `stack`, `exports`, `inventory` | the state |
//! | `nested`, `post` | what stacks of one tree tell each other |
//! | `operation` | phases and steps: what happens to a stack over time |
//! | `change_set`, `drift` | dry runs, comparisons |
//! | `answers`, `outside` | what others answer, and what somebody does by hand |
//! | `template`, `context`, `evaluate`, `graph` | reading templates; the language's values over resources |
//! | `resource` | physical ids, attributes, what is known of types |
//! | `fault`, `derive`, `place`, `store` | tables, failures on request, ids, regions, the file |
//!
//! May import only the model, the port, the language and the catalogue. May not read a clock, print, or decide anything that the
//! real service leaves to its caller.

mod answers;
mod by_hand;
mod change_set;
mod client;
mod cloud;
mod context;
mod derive;
mod drift;
mod evaluate;
mod exports;
mod fault;
mod graph;
mod inventory;
mod nested;
mod operation;
mod outputs;
mod outside;
mod place;
mod post;
mod request;
mod resource;
mod schedule;

mod silently;
mod stack;
mod store;
mod template;
mod world;

pub use answers::{Answers, ReplyError};
pub use client::Client;
pub use cloud::{Cloud, Options};
pub use fault::{CallFault, Fault, FaultError, FaultOperation, ResourceFault, Trouble};
pub use inventory::{Origin, Orphan, OrphanKey};
