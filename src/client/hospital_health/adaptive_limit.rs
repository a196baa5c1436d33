//! A limit of concurrent calls that adapts: a third less after an overload, one more after each round of successes.

use tokio::time::Instant;

/// Lowest limit: a single call at once would notice a recovery too slowly.
const MIN_LIMIT: usize = 2;

/// What is left of the limit after an overload.
const DECREASE: f64 = 0.7;

/// A limit that follows overload and recovery, but not latency: the latency of hospitals varies by itself, and slowing
/// down because of it helps no one.
///
/// It starts at its maximum, because a batch is too short to climb there. A pure state machine: time is passed in.
#[derive(Debug)]
pub(super) struct AdaptiveLimit {
    max: usize,
    limit: f64,
    /// Since the last change.
    successes: usize,
    decreased_at: Option<Instant>,
}

impl AdaptiveLimit {
    pub(super) fn new(max: usize) -> Self {
        Self { max, limit: max as f64, successes: 0, decreased_at: None }
    }

    /// Calls that may be in flight.
    pub(super) fn get(&self) -> usize {
        self.limit as usize
    }

    pub(super) fn is_at_max(&self) -> bool {
        self.get() >= self.max
    }

    pub(super) fn record_success(&mut self) {
        if self.is_at_max() {
            return;
        }
        self.successes += 1;
        if self.successes >= self.get() {
            self.successes = 0;
            self.limit = (self.limit + 1.0).min(self.max as f64);
        }
    }

    /// Records that a call was too much. Calls that began before the limit was last lowered say nothing about the new
    /// limit: one round of calls lowers it once.
    pub(super) fn record_overload(&mut self, began: Instant, now: Instant) {
        if self.decreased_at.is_some_and(|decreased_at| began < decreased_at) {
            return;
        }
        let floor = MIN_LIMIT.min(self.max) as f64;
        self.limit = (self.limit * DECREASE).max(floor);
        self.successes = 0;
        self.decreased_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_round_of_calls_lowers_it_once() {
        let mut limit = AdaptiveLimit::new(50);
        let began = Instant::now();
        let now = began + Duration::from_secs(1);
        for _ in 0..50 {
            limit.record_overload(began, now);
        }
        assert_eq!(limit.get(), 35);
        limit.record_overload(now, now + Duration::from_secs(1));
        assert_eq!(limit.get(), 24);
    }

    #[test]
    fn it_recovers_by_one_for_each_round_that_went_well() {
        let mut limit = AdaptiveLimit::new(50);
        limit.record_overload(Instant::now(), Instant::now());
        for _ in 0..35 {
            assert_eq!(limit.get(), 35);
            limit.record_success();
        }
        assert_eq!(limit.get(), 36);
        (0..10_000).for_each(|_| limit.record_success());
        assert_eq!(limit.get(), 50);
    }

    proptest! {
        #[test]
        fn it_stays_between_its_floor_and_its_most(most in 1usize..200, calls: Vec<bool>) {
            let mut limit = AdaptiveLimit::new(most);
            let mut now = Instant::now();
            for went_well in calls {
                now += Duration::from_millis(1);
                if went_well { limit.record_success() } else { limit.record_overload(now, now) }
                prop_assert!((MIN_LIMIT.min(most)..=most).contains(&limit.get()));
            }
        }
    }
}
