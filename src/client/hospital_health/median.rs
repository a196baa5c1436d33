//! The median of a series of durations, in eight bytes.

use std::time::Duration;

use crate::sync::atomic::{AtomicU64, Ordering};

/// One step towards a new value is this part of the median.
const STEP: u64 = 32;

/// A running estimate of the median: each value moves it by a fixed part of itself, up or down. It follows a change within
/// some dozens of values, and an outlier hardly moves it. One of two simultaneous values may be lost.
#[derive(Debug, Default)]
pub(super) struct Median {
    /// Zero before the first value.
    nanoseconds: AtomicU64,
}

impl Median {
    pub(super) fn add(&self, value: Duration) {
        let value = u64::try_from(value.as_nanos()).unwrap_or(u64::MAX).max(1);
        let median = match self.nanoseconds.load(Ordering::Relaxed) {
            0 => value,
            median => value.clamp(median - median / STEP, median.saturating_add(median / STEP + 1)),
        };
        self.nanoseconds.store(median, Ordering::Relaxed);
    }

    /// The median so far; zero before the first value.
    pub(super) fn get(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(median: &Median) -> u128 {
        median.get().as_millis()
    }

    #[test]
    fn it_starts_at_the_first_value_and_ignores_outliers() {
        let median = Median::default();
        assert_eq!(milliseconds(&median), 0);
        for round in 0..100 {
            median.add(Duration::from_millis(if round % 10 == 9 { 5_000 } else { 50 }));
        }
        assert!((48..=54).contains(&milliseconds(&median)), "{median:?}");
    }

    #[test]
    fn it_follows_a_change() {
        let median = Median::default();
        median.add(Duration::from_millis(50));
        (0..100).for_each(|_| median.add(Duration::from_millis(500)));
        assert_eq!(milliseconds(&median), 500);
        (0..100).for_each(|_| median.add(Duration::from_millis(20)));
        assert_eq!(milliseconds(&median), 20);
    }
}
