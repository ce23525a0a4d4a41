//! Docker engines (adapter, feature `docker`): builds by either builder over the engine's socket, and
//! export of what came out. Decides nothing and prints nothing.

mod connect;
mod engine;
mod output;
mod session;

pub use connect::connect;
