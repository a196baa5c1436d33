//! Builders that start the same parts as production with one knob turned, and conditions to wait for.

use std::time::Duration;

pub mod config_file;
pub mod database;
pub mod postgres;
pub mod process;
pub mod query;
pub mod records;
pub mod service;
pub mod waiting;
pub mod wire;

pub use waiting::{eventually, within};

/// What other tests on the same cores may add to the time of an answer.
pub const BUSY_MACHINE: Duration = Duration::from_millis(250);
