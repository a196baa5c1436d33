//! A circuit breaker: after enough outages it stops the calls for a while, then lets single ones through to see.

use std::time::Duration;

use tokio::time::Instant;

/// How many of the last calls are looked at.
const WINDOW: u32 = 20;

/// How many there must be before they say anything.
const SAMPLE: u32 = 10;

/// How long a call that finds out is worth waiting for. One that takes longer mostly finds that nothing works.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// Stops calls to a party that does not work. It opens when at least four fifths of the last calls, and of at least
/// ten, met an outage: a party that fails every other call still does some of its work, and to stop calling it would
/// fail all records in order to spare some. A plain state machine: it is told the time.
#[derive(Debug)]
pub(super) struct Breaker {
    /// How long it stays open before a call may try.
    pause: Duration,
    state: State,
    /// The last calls, the youngest in the lowest bit; a set bit is an outage.
    calls: u32,
    /// How many there were, up to the window.
    seen: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    /// No call before this moment, and then none while the one that tries is on its way: since when.
    Open {
        until: Instant,
        probing: Option<Instant>,
    },
}

/// How a call may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As any other.
    Free,
    /// As the one that finds out whether the party works again.
    Probe,
}

/// Why no call may be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The party does not work.
    Outage,
    /// A call is about to find out whether it works again.
    Probing,
}

/// What a call has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Calls are stopped, or stay so after a probe.
    Opened,
    /// Calls are free again.
    Closed,
}

impl Breaker {
    pub(super) fn new(pause: Duration) -> Self {
        Self { pause, state: State::Closed, calls: 0, seen: 0 }
    }

    /// Whether calls are free and none of the last ones met an outage.
    pub(super) fn is_untroubled(&self) -> bool {
        self.state == State::Closed && self.calls == 0 && self.seen >= SAMPLE
    }

    /// Whether a call may be made now. A probe must be told of, by [`note`](Self::note) or
    /// [`gave_up`](Self::gave_up): there is no other until then.
    pub(super) fn ask(&mut self, now: Instant) -> Result<Way, Stopped> {
        match self.state {
            State::Closed => Ok(Way::Free),
            State::Open { until, .. } if now < until => Err(Stopped::Outage),
            State::Open { until, probing: None } => {
                self.state = State::Open { until, probing: Some(now) };
                Ok(Way::Probe)
            }
            State::Open { probing: Some(since), .. } if now < since + PATIENCE => Err(Stopped::Probing),
            State::Open { .. } => Err(Stopped::Outage),
        }
    }

    /// Notes how a call ended. While it is open, only the probe counts: the others began before.
    pub(super) fn note(&mut self, way: Way, outage: bool, now: Instant) -> Option<Change> {
        match (self.state, way) {
            (State::Closed, _) => self.note_in_window(outage, now),
            (State::Open { .. }, Way::Probe) if outage => Some(self.open(now + self.pause)),
            (State::Open { .. }, Way::Probe) => {
                *self = Self::new(self.pause);
                Some(Change::Closed)
            }
            (State::Open { .. }, Way::Free) => None,
        }
    }

    /// Notes that a probe was given up before it ended; the next call may try.
    pub(super) fn gave_up(&mut self) {
        if let State::Open { probing, .. } = &mut self.state {
            *probing = None;
        }
    }

    /// Stops calls until a moment that the party itself has named.
    pub(super) fn open(&mut self, until: Instant) -> Change {
        self.state = State::Open { until, probing: None };
        Change::Opened
    }

    fn note_in_window(&mut self, outage: bool, now: Instant) -> Option<Change> {
        self.calls = (self.calls << 1 | u32::from(outage)) & ((1 << WINDOW) - 1);
        self.seen = (self.seen + 1).min(WINDOW);
        let is_outage = self.seen >= SAMPLE && 5 * self.calls.count_ones() >= 4 * self.seen;
        is_outage.then(|| self.open(now + self.pause))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAUSE: Duration = Duration::from_secs(5);

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(PAUSE);
        while breaker.note(Way::Free, true, now).is_none() {}
        breaker
    }

    #[test]
    fn it_opens_when_nearly_all_of_the_last_calls_met_an_outage() {
        let now = Instant::now();
        let mut breaker = Breaker::new(PAUSE);
        for _ in 0..SAMPLE - 1 {
            assert_eq!(breaker.note(Way::Free, true, now), None);
        }
        assert_eq!(breaker.note(Way::Free, true, now), Some(Change::Opened));
        assert_eq!(breaker.ask(now), Err(Stopped::Outage));

        let mut breaker = Breaker::new(PAUSE);
        for call in 0..1_000 {
            assert_eq!(breaker.note(Way::Free, call % 2 == 0, now), None, "half of them work");
        }
    }

    #[test]
    fn one_call_at_a_time_finds_out_whether_it_closes() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.ask(now + PAUSE / 2), Err(Stopped::Outage));
        let later = now + PAUSE;
        assert_eq!(breaker.ask(later), Ok(Way::Probe));
        assert_eq!(breaker.ask(later + PATIENCE / 2), Err(Stopped::Probing));
        let later = later + PATIENCE;
        assert_eq!(breaker.ask(later), Err(Stopped::Outage), "it takes too long");
        assert_eq!(breaker.note(Way::Probe, true, later), Some(Change::Opened));
        assert_eq!(breaker.ask(later), Err(Stopped::Outage));
        let later = later + PAUSE;
        assert_eq!(breaker.ask(later), Ok(Way::Probe));
        breaker.gave_up();
        assert_eq!(breaker.ask(later), Ok(Way::Probe));
        assert_eq!(breaker.note(Way::Free, false, later), None, "it began before");
        assert_eq!(breaker.note(Way::Probe, false, later), Some(Change::Closed));
        assert_eq!(breaker.ask(later), Ok(Way::Free));
        assert_eq!(breaker.note(Way::Free, true, later), None, "what was before is forgotten");
    }

    proptest! {
        /// Whatever happens: there is never more than one probe, and time alone brings the next call.
        #[test]
        fn it_never_stays_open_for_ever(steps in prop::collection::vec((0u8..4, 0u64..8_000), 0..200)) {
            let mut now = Instant::now();
            let mut breaker = Breaker::new(PAUSE);
            let mut probes = 0;
            for (step, milliseconds) in steps {
                now += Duration::from_millis(milliseconds);
                match step {
                    0 => probes += u32::from(breaker.ask(now) == Ok(Way::Probe)),
                    1 | 2 if probes > 0 => {
                        breaker.note(Way::Probe, step == 1, now);
                        probes = 0;
                    }
                    3 if probes > 0 => {
                        breaker.gave_up();
                        probes = 0;
                    }
                    _ => drop(breaker.note(Way::Free, step != 2, now)),
                }
                prop_assert!(probes <= 1);
            }
            if probes == 0 {
                prop_assert!(breaker.ask(now + PAUSE).is_ok());
            }
        }
    }
}
