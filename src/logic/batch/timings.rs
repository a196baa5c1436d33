//! Time spent per stage of a batch, as atomics that all its workers add to.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Time spent by a batch, by the stages of the report.
#[derive(Default)]
pub(crate) struct Timings {
    pub clean: StageClock,
    pub queue: StageClock,
    pub verify: StageClock,
    pub write: StageClock,
}

/// The time of one stage, summed over its passages.
#[derive(Default)]
pub(crate) struct StageClock {
    nanoseconds: AtomicU64,
}

impl StageClock {
    pub(crate) fn add(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    pub(crate) fn total(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }
}
