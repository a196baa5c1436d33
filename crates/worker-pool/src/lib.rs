#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod batch;
mod config;
mod dispatcher;
mod gate;
mod job;
mod lane;
mod pool;
mod round_robin;
mod scheduler;
mod shared;
mod slots;
mod stats;
mod sync;
mod worker;

#[cfg(feature = "shuttle")]
#[doc(hidden)]
pub mod interleavings;
#[cfg(all(test, not(feature = "shuttle")))]
mod tests;

pub use batch::JobBatch;
pub use config::{PoolConfig, PoolError};
pub use gate::Gate;
pub use lane::Lane;
pub use pool::Pool;
pub use slots::Closed;
pub use stats::PoolStats;
