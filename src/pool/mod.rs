//! The worker pool and its dispatcher.

mod config;

pub use config::Config;
