//! rekindle regenerates a whole AWS environment from source and proves that what runs is what the
//! source says.
//!
//! Data flows one way (see `docs/ARCHITECTURE.md`):
//!
//! ```text
//! disk -> manifest -> render -> release          source to artifacts: pure, offline, no clock
//!                                   \
//! cloud -> engine::observe -----> plan            a pure function of both
//!                                    \
//!                                   engine -> events -> ui
//! ```
//!
//! | module | what it holds | what it may import |
//! |---|---|---|
//! | [`model`] | the words of the domain as types; digests, canonical JSON | nothing of ours |
//! | [`template`] | reads CloudFormation text into a positioned tree and JSON | model |
//! | [`language`] | CloudFormation's template language over JSON: functions, conditions, rules, expansion | nothing of ours |
//! | [`manifest`] | reads the project's own files; resolves an environment | model, template |
//! | [`render`] | Tera, hermetic and bounded | model, template |
//! | [`catalogue`] | what AWS publishes of resource types | nothing of ours |
//! | [`image`] | what a Dockerfile means; layers, configurations and manifests | model |
//! | [`lint`] | what is wrong with a template or a Dockerfile, found without AWS | model, template, language, catalogue, image |
//! | [`release`] | joins manifest and render into desired units with their digests | model, template, language, lint, manifest, render, image |
//! | [`plan`] | what would be done and why | model, language, catalogue |
//! | [`estimate`] | how long a plan takes, and why | model, language, plan |
//! | [`port`] | what is needed of a cloud, of a Docker engine and of a registry | model |
//! | [`engine`] | carries plans out, observes, verifies | model, plan, port |
//! | [`local`] | the embedded CloudFormation engine (adapter) | model, port, language, catalogue |
//! | `docker` | Docker engines (adapter, feature `docker`) | port |
//! | `aws` | the real CloudFormation (adapter, feature `aws`) | model, port |
//! | `registry` | registries of images, files over HTTP (adapter, feature `docker`) | model, port |
//! | [`disk`] | files, locks, the ledger, the store of images (adapter) | model, port, image (traits only) |
//! | [`ui`] | shows events, plans, outcomes | model, plan, estimate, engine (types only) |
//! | [`cli`] | arguments, wiring, exit codes | everything |
#![forbid(unsafe_code)]

#[cfg(feature = "aws")]
pub mod aws;
pub mod catalogue;
pub mod cli;
pub mod disk;
#[cfg(feature = "docker")]
pub mod docker;
pub mod engine;
pub mod estimate;
pub mod image;
pub mod language;
pub mod lint;
pub mod local;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod port;
#[cfg(feature = "docker")]
pub mod registry;
pub mod release;
pub mod render;
pub mod template;
pub mod ui;
