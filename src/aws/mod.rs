//! The real CloudFormation: an adapter from [`crate::port::CloudFormation`] to the AWS SDK.
//!
//! May not decide anything, print, or let an SDK type or an SDK error through: every failure
//! becomes a [`crate::port::PortError`] (see `error`). It never retries either. The engine owns
//! the budget of calls, and a second retry loop below it would multiply it unseen.

mod adapter;
mod artifact;
mod backup;
mod bucket;
mod code;
mod connect;
mod convert;
mod error;
mod lease;
mod login;
mod network;
mod outside;
mod repository;
mod request;
mod whole;

pub use connect::{Settings, connect, connect_with, lease, lease_with};
pub use login::Logins;
