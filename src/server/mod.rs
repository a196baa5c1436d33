//! gRPC.

mod config;

pub use config::{Config, Drain};
