//! Pauses between retries.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::{Instant, sleep};

const MIN_DELAY: Duration = Duration::from_millis(5);
const MAX_DELAY: Duration = Duration::from_millis(250);

/// Delays that double, each lengthened at random by up to as much again, so that writers which failed together do not
/// meet again.
pub(crate) struct Backoff {
    delays: ExponentialBackoff,
    until: Instant,
}

impl Backoff {
    pub(crate) fn new(until: Instant) -> Self {
        let delays = ExponentialBuilder::new()
            .with_min_delay(MIN_DELAY)
            .with_max_delay(MAX_DELAY)
            .without_max_times()
            .with_jitter()
            .build();
        Self { delays, until }
    }

    /// Waits, and returns true; or returns false at once if the wait would leave no time for another try.
    pub(crate) async fn wait(&mut self) -> bool {
        let delay = self.delays.next().unwrap_or(MAX_DELAY);
        if Instant::now() + delay >= self.until {
            return false;
        }
        sleep(delay).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_grow_and_end_before_the_limit() {
        let until = Instant::now() + Duration::from_secs(2);
        let mut backoff = Backoff::new(until);
        let mut tries = 0;
        while backoff.wait().await {
            tries += 1;
        }
        assert!(Instant::now() < until);
        assert!((8..40).contains(&tries), "{tries} tries");
    }
}
