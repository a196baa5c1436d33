//! What the simulator counts.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// The counts of a simulator at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Verifications that have begun.
    pub calls: u64,
    /// Verifications in flight now.
    pub in_flight: u64,
    /// The most verifications that were ever in flight at once.
    pub max_in_flight: u64,
}

/// The counters behind [`Stats`].
#[derive(Default)]
pub(super) struct Counters {
    calls: AtomicU64,
    in_flight: AtomicU64,
    max_in_flight: AtomicU64,
}

impl Counters {
    /// Counts a call, in flight until the returned value is dropped.
    pub(super) fn begin(&self) -> Call<'_> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let in_flight = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.max_in_flight.fetch_max(in_flight, Ordering::Relaxed);
        Call(self)
    }

    /// The counts now.
    pub(super) fn read(&self) -> Stats {
        Stats {
            calls: self.calls.load(Ordering::Relaxed),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            max_in_flight: self.max_in_flight.load(Ordering::Relaxed),
        }
    }
}

/// A call in flight. It also ends when its caller hangs up, which drops the call's future.
pub(super) struct Call<'a>(&'a Counters);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_in_flight_is_kept_after_calls_have_ended() {
        let counters = Counters::default();
        let first = counters.begin();
        let second = counters.begin();
        assert_eq!(counters.read(), Stats { calls: 2, in_flight: 2, max_in_flight: 2 });
        drop(second);
        drop(counters.begin());
        drop(first);
        assert_eq!(counters.read(), Stats { calls: 3, in_flight: 0, max_in_flight: 2 });
    }
}
