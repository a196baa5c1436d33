//! The locks and atomics of what `interleavings/` runs in many orders: std's, or with the feature `shuttle` those of
//! shuttle, which work within its checks alone.

#[cfg(feature = "shuttle")]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic};
#[cfg(not(feature = "shuttle"))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};
