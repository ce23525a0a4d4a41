//! The one integration-test binary: each file is one scenario group (see `docs/ARCHITECTURE.md`).
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

mod adoption;
mod any_start;
mod attach;
#[cfg(feature = "aws")]
mod aws_answers;
#[cfg(feature = "aws")]
mod aws_change_sets;
#[cfg(feature = "aws")]
mod aws_failures;
#[cfg(feature = "aws")]
mod aws_surroundings;
#[cfg(feature = "aws")]
mod aws_vaults;
mod bad_input;
#[cfg(feature = "docker")]
mod base_images;
mod broken_source;
mod catalogue;
#[cfg(all(feature = "aws", feature = "docker"))]
mod cloud_registries;
mod conformance;
#[cfg(feature = "docker")]
mod copied_images;
mod decided;
#[cfg(feature = "docker")]
mod deliveries;
#[cfg(feature = "docker")]
mod docker;
#[cfg(feature = "docker")]
mod docker_tls;
mod dockerfile_lint;
mod documents;
mod drift;
mod elsewhere;
mod engine;
mod estimate;
mod failed_runs;
#[cfg(feature = "docker")]
mod flattened;
mod former_places;
#[cfg(feature = "docker")]
mod four_ways;
mod hostile;
mod images;
#[cfg(feature = "docker")]
mod interrupted_images;
mod json_documents;
mod kills;
mod language_project;
mod layers;
#[cfg(feature = "aws")]
mod lease;
mod local_engine;
mod longest_path;
mod main_job;
#[cfg(feature = "aws")]
mod ministack;
#[cfg(feature = "aws")]
mod moto;
#[cfg(feature = "docker")]
mod mounts;
mod practice;
#[cfg(feature = "aws")]
mod preflight;
mod provenance;
#[cfg(feature = "docker")]
mod pushes;
#[cfg(feature = "docker")]
mod registry;
mod remedies;
mod replacement;
mod restore_points;
#[cfg(feature = "aws")]
mod sandbox;
mod shipped_project;
mod source;
mod statuses;
mod support;
mod teardown;
#[cfg(feature = "docker")]
mod web_image;
#[cfg(feature = "aws")]
mod wire;
