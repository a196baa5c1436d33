//! How long to wait before the same rows are tried again.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use tokio::time::{Instant, sleep};

const FIRST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_millis(500);

/// Waits that double from 10 to 500 ms, each cut by up to half at random, so that writers which failed
/// together do not meet again.
pub(super) struct Backoff {
    next: Duration,
    until: Instant,
}

impl Backoff {
    pub(super) fn new(until: Instant) -> Self {
        Self { next: FIRST, until }
    }

    /// Waits, and says true; or says false at once when the wait would leave no time for another try.
    pub(super) async fn wait(&mut self) -> bool {
        let delay = self.next.mul_f64(1.0 - random_fraction() / 2.0);
        if Instant::now() + delay >= self.until {
            return false;
        }
        self.next = (self.next * 2).min(LONGEST);
        sleep(delay).await;
        true
    }
}

/// From 0 to 1. The standard library seeds each `RandomState` afresh, which is random enough here.
fn random_fraction() -> f64 {
    f64::from(RandomState::new().hash_one(()) as u32) / f64::from(u32::MAX)
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
