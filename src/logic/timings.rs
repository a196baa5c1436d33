//! Time spent per stage of a batch, as atomics that all its workers add to.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Time spent by a batch, by stage.
#[derive(Default)]
pub(super) struct Timings {
    /// Formatting and local rules.
    pub clean: Stage,
    /// Waiting for a worker.
    pub queue: Stage,
    /// Calls to hospitals.
    pub verify: Stage,
    /// Transactions.
    pub write: Stage,
}

/// The time of one stage.
#[derive(Default)]
pub(super) struct Stage {
    nanoseconds: AtomicU64,
}

impl Stage {
    /// Adds one passage.
    pub(super) fn add(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// The sum over all passages.
    pub(super) fn total(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }
}
