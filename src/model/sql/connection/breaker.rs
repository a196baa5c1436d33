//! A circuit breaker in front of the store. It is told only of outages of the store as a whole: bad data, locks and slow
//! statements never open it.

use std::time::Duration;

use tokio::time::Instant;

/// How long the store may fail before rows stop waiting for it: a restart is over by then.
const OPENS_AFTER: Duration = Duration::from_secs(5);

/// The time between two probes while the breaker is open.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// Whether the store may be called. A plain state machine: it is told the time.
#[derive(Debug, Default)]
pub(super) struct StoreBreaker {
    state: StoreState,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum StoreState {
    #[default]
    Closed,
    /// The store fails, and all callers still try.
    Failing { since: Instant, last: Instant },
    /// Only probes are let through.
    Open { next_probe: Instant },
}

/// A change of the state that is worth a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transition {
    /// The store fails for the first time.
    Failing,
    /// It has failed for so long that rows no longer wait for it.
    Opened,
    /// It works again.
    Closed,
}

impl StoreBreaker {
    /// Whether the store failed the last time it was called.
    pub(super) fn is_failing(&self) -> bool {
        self.state != StoreState::Closed
    }

    /// Whether waiting for a connection can be worth it. Takes no probe.
    pub(super) fn is_worth_waiting_for(&self, now: Instant) -> bool {
        !matches!(self.state, StoreState::Open { next_probe } if now < next_probe)
    }

    /// Whether the store may be called now. While the breaker is open, this takes the one probe that is due.
    pub(super) fn try_take_probe(&mut self, now: Instant) -> bool {
        match &mut self.state {
            StoreState::Open { next_probe } if now < *next_probe => false,
            StoreState::Open { next_probe } => {
                *next_probe = now + PROBE_INTERVAL;
                true
            }
            StoreState::Closed | StoreState::Failing { .. } => true,
        }
    }

    pub(super) fn on_success(&mut self) -> Option<Transition> {
        let before = std::mem::take(&mut self.state);
        (before != StoreState::Closed).then_some(Transition::Closed)
    }

    /// Failures that are far apart, without a call between them, are not one outage.
    pub(super) fn on_failure(&mut self, now: Instant) -> Option<Transition> {
        let (state, change) = match self.state {
            StoreState::Closed => (StoreState::Failing { since: now, last: now }, Some(Transition::Failing)),
            StoreState::Failing { last, .. } if now >= last + OPENS_AFTER + PROBE_INTERVAL => {
                (StoreState::Failing { since: now, last: now }, None)
            }
            StoreState::Failing { since, .. } if now >= since + OPENS_AFTER => {
                (StoreState::Open { next_probe: now + PROBE_INTERVAL }, Some(Transition::Opened))
            }
            StoreState::Failing { since, .. } => (StoreState::Failing { since, last: now }, None),
            open @ StoreState::Open { .. } => (open, None),
        };
        self.state = state;
        change
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STEP: Duration = Duration::from_millis(500);

    #[test]
    fn it_opens_when_the_store_stays_away_and_not_at_once() {
        let start = Instant::now();
        let mut breaker = StoreBreaker::default();
        assert_eq!(breaker.on_failure(start), Some(Transition::Failing));
        let mut now = start;
        while now + STEP < start + OPENS_AFTER {
            now += STEP;
            assert!(breaker.try_take_probe(now));
            assert_eq!(breaker.on_failure(now), None);
        }
        assert_eq!(breaker.on_failure(start + OPENS_AFTER), Some(Transition::Opened));
        assert!(!breaker.try_take_probe(start + OPENS_AFTER));
    }

    #[test]
    fn one_probe_decides_whether_it_closes() {
        let mut now = Instant::now();
        let mut breaker = StoreBreaker::default();
        while breaker.on_failure(now) != Some(Transition::Opened) {
            now += STEP;
        }
        now += PROBE_INTERVAL;
        assert!(breaker.try_take_probe(now));
        assert!(!breaker.try_take_probe(now), "one probe");
        assert_eq!(breaker.on_failure(now), None);
        now += PROBE_INTERVAL;
        assert!(breaker.try_take_probe(now));
        assert_eq!(breaker.on_success(), Some(Transition::Closed));
        assert!(breaker.try_take_probe(now) && breaker.try_take_probe(now));
        assert_eq!(breaker.on_success(), None);
    }

    #[test]
    fn failures_that_lie_far_apart_do_not_open_it() {
        let mut now = Instant::now();
        let mut breaker = StoreBreaker::default();
        for _ in 0..10 {
            assert_ne!(breaker.on_failure(now), Some(Transition::Opened));
            now += 2 * (OPENS_AFTER + PROBE_INTERVAL);
        }
    }

    proptest! {
        /// It never stays open without probes, it opens only after its time, and a success closes it.
        #[test]
        fn it_opens_late_and_always_lets_one_probe_through(steps in prop::collection::vec((0u8..3, 0u64..3_000), 0..200)) {
            let mut now = Instant::now();
            let mut breaker = StoreBreaker::default();
            let mut failing_since = None;
            for (step, milliseconds) in steps {
                now += Duration::from_millis(milliseconds);
                match step {
                    0 => {
                        breaker.on_success();
                        failing_since = None;
                        prop_assert!(breaker.try_take_probe(now));
                    }
                    1 => {
                        let since = *failing_since.get_or_insert(now);
                        if breaker.on_failure(now) == Some(Transition::Opened) {
                            prop_assert!(now >= since + OPENS_AFTER);
                        }
                    }
                    _ => drop(breaker.try_take_probe(now)),
                }
                prop_assert_eq!(breaker.is_failing(), failing_since.is_some());
            }
            prop_assert!(breaker.try_take_probe(now + PROBE_INTERVAL));
        }
    }
}
