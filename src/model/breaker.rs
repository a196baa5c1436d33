//! A circuit breaker before the store. It knows nothing but outages of the store as a whole: bad data, locks and
//! slow statements never open it.

use std::time::Duration;

use tokio::time::Instant;

/// How long the store may be away before rows stop waiting for it: a restart is over by then.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is tried once nobody waits for it any more.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether the store is worth a try. A plain state machine: it is told the time.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Closed,
    /// The store fails, and everybody still tries.
    Doubtful { since: Instant, last: Instant },
    /// One try at this moment, and so on.
    Open { next_try: Instant },
}

/// How the state has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The store fails for the first time.
    Doubted,
    /// It has failed for so long that rows do not wait for it any more.
    Opened,
    /// It works again.
    Closed,
}

impl Breaker {
    /// Whether the last thing heard of the store is that it does not work.
    pub(super) fn is_troubled(&self) -> bool {
        self.state != State::Closed
    }

    /// Whether it is worth standing in line for the store.
    pub(super) fn is_worth_asking(&self, now: Instant) -> bool {
        !matches!(self.state, State::Open { next_try } if now < next_try)
    }

    /// Whether the store may be tried now. While it is open, asking takes the one try.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        match &mut self.state {
            State::Open { next_try } if now < *next_try => false,
            State::Open { next_try } => {
                *next_try = now + PAUSE;
                true
            }
            State::Closed | State::Doubtful { .. } => true,
        }
    }

    /// Notes that the store works.
    pub(super) fn works(&mut self) -> Option<Change> {
        let before = std::mem::take(&mut self.state);
        (before != State::Closed).then_some(Change::Closed)
    }

    /// Notes that the store does not work. Failures that lie far apart, with nobody trying between them, are
    /// not one outage.
    pub(super) fn fails(&mut self, now: Instant) -> Option<Change> {
        let (state, change) = match self.state {
            State::Closed => (State::Doubtful { since: now, last: now }, Some(Change::Doubted)),
            State::Doubtful { last, .. } if now >= last + PATIENCE + PAUSE => {
                (State::Doubtful { since: now, last: now }, None)
            }
            State::Doubtful { since, .. } if now >= since + PATIENCE => {
                (State::Open { next_try: now + PAUSE }, Some(Change::Opened))
            }
            State::Doubtful { since, .. } => (State::Doubtful { since, last: now }, None),
            open @ State::Open { .. } => (open, None),
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
        let mut breaker = Breaker::default();
        assert_eq!(breaker.fails(start), Some(Change::Doubted));
        let mut now = start;
        while now + STEP < start + PATIENCE {
            now += STEP;
            assert!(breaker.admits(now));
            assert_eq!(breaker.fails(now), None);
        }
        assert_eq!(breaker.fails(start + PATIENCE), Some(Change::Opened));
        assert!(!breaker.admits(start + PATIENCE));
    }

    #[test]
    fn one_try_at_a_time_finds_out_whether_it_closes() {
        let mut now = Instant::now();
        let mut breaker = Breaker::default();
        while breaker.fails(now) != Some(Change::Opened) {
            now += STEP;
        }
        now += PAUSE;
        assert!(breaker.admits(now));
        assert!(!breaker.admits(now), "one try");
        assert_eq!(breaker.fails(now), None);
        now += PAUSE;
        assert!(breaker.admits(now));
        assert_eq!(breaker.works(), Some(Change::Closed));
        assert!(breaker.admits(now) && breaker.admits(now));
        assert_eq!(breaker.works(), None);
    }

    #[test]
    fn failures_that_lie_far_apart_do_not_open_it() {
        let mut now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..10 {
            assert_ne!(breaker.fails(now), Some(Change::Opened));
            now += 2 * (PATIENCE + PAUSE);
        }
    }

    proptest! {
        /// Whatever happens: it is never open for ever, it opens only after its patience, and works closes it.
        #[test]
        fn it_opens_late_and_always_lets_one_try(steps in prop::collection::vec((0u8..3, 0u64..3_000), 0..200)) {
            let mut now = Instant::now();
            let mut breaker = Breaker::default();
            let mut failing_since = None;
            for (step, milliseconds) in steps {
                now += Duration::from_millis(milliseconds);
                match step {
                    0 => {
                        breaker.works();
                        failing_since = None;
                        prop_assert!(breaker.admits(now));
                    }
                    1 => {
                        let since = *failing_since.get_or_insert(now);
                        if breaker.fails(now) == Some(Change::Opened) {
                            prop_assert!(now >= since + PATIENCE);
                        }
                    }
                    _ => drop(breaker.admits(now)),
                }
                prop_assert_eq!(breaker.is_troubled(), failing_since.is_some());
            }
            prop_assert!(breaker.admits(now + PAUSE));
        }
    }
}
