//! Builders that start the same parts as production with one knob turned, and conditions to wait for.

use std::time::Duration;

pub(crate) mod config_file;
pub(crate) mod database;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod query;
pub(crate) mod records;
pub(crate) mod service;
pub(crate) mod waiting;
pub(crate) mod wire;

pub(crate) use waiting::{eventually, within};

/// What other tests on the same cores may add to the time of an answer.
pub(crate) const BUSY_MACHINE: Duration = Duration::from_millis(250);
