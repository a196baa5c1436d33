//! How long transactions take, judged by the last ones.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How many transactions are remembered.
const MEMORY: usize = 128;

/// Older times say nothing about now. Without this limit one slow minute could keep every later chunk from starting, and
/// with it the measurement that would show that the minute is over.
const MAX_AGE: Duration = Duration::from_secs(60);

/// Returned while nothing has been measured.
const FIRST_GUESS: Duration = Duration::from_millis(50);

/// The times of the last transactions that were committed.
#[derive(Default)]
pub(crate) struct FlushTimes {
    last: Mutex<VecDeque<(Instant, Duration)>>,
}

impl FlushTimes {
    pub(crate) fn record(&self, time: Duration) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == MEMORY {
            last.pop_front();
        }
        last.push_back((Instant::now(), time));
    }

    /// The 99th percentile of the last 128 transactions within a minute.
    pub(crate) fn percentile_99(&self) -> Duration {
        let now = Instant::now();
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut times: Vec<Duration> = last
            .iter()
            .filter(|(at, _)| now.saturating_duration_since(*at) <= MAX_AGE)
            .map(|(_, time)| *time)
            .collect();
        times.sort_unstable();
        // Rounded up: of fewer than a hundred times it is the longest.
        let rank = (times.len() * 99).div_ceil(100);
        rank.checked_sub(1).map_or(FIRST_GUESS, |index| times[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_outlier_in_many_is_left_out_and_old_times_are_forgotten() {
        let times = FlushTimes::default();
        assert_eq!(times.percentile_99(), FIRST_GUESS);
        times.record(Duration::from_secs(9));
        assert_eq!(times.percentile_99(), Duration::from_secs(9));
        for _ in 1..MEMORY {
            times.record(Duration::from_millis(3));
        }
        assert_eq!(times.percentile_99(), Duration::from_millis(3));
        tokio::time::advance(MAX_AGE + Duration::from_millis(1)).await;
        assert_eq!(times.percentile_99(), FIRST_GUESS);
    }
}
