//! A circuit breaker: after enough outages it stops calls for a while, then lets single calls probe.

use std::time::Duration;

use tokio::time::Instant;

/// The number of last calls that count.
const WINDOW: u32 = 20;

/// Fewest calls from which an outage is inferred.
const MIN_SAMPLE: u32 = 10;

/// How long a probe is worth waiting for. One that takes longer mostly fails.
pub(super) const MAX_PROBE_WAIT: Duration = Duration::from_secs(1);

/// Stops calls in an outage. It opens when at least four fifths of the last calls, and of at least ten, met an outage: a
/// hospital that fails every other call still verifies records, which stopping all calls would fail. A pure state machine:
/// time is passed in.
#[derive(Debug)]
pub(super) struct HospitalBreaker {
    /// How long it stays open before a call may probe.
    pause: Duration,
    state: HospitalState,
    /// The last calls, the most recent in the lowest bit; a set bit is an outage.
    calls: u32,
    /// The number of calls seen, up to the window.
    seen: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HospitalState {
    Closed,
    /// No call before `until`, and then none while a probe is in flight.
    Open {
        until: Instant,
        /// When the probe in flight began.
        probing: Option<Instant>,
    },
}

/// What a call is to the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallRole {
    Regular,
    /// It finds out whether the hospital works again.
    Probe,
}

/// Why a call may not begin now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallRefused {
    /// The hospital is unavailable.
    Outage,
    /// A probe is in flight; its result is worth waiting for.
    Probing,
}

/// What a recorded call has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BreakerChange {
    /// Calls are stopped, or stay so after a probe.
    Opened,
    /// Calls may be made again.
    Closed,
}

impl HospitalBreaker {
    pub(super) fn new(pause: Duration) -> Self {
        Self { pause, state: HospitalState::Closed, calls: 0, seen: 0 }
    }

    /// Whether it is closed and none of the last calls met an outage.
    pub(super) fn is_healthy(&self) -> bool {
        self.state == HospitalState::Closed && self.calls == 0 && self.seen >= MIN_SAMPLE
    }

    /// Begins a call. The end of a probe must be reported, by [`record`](Self::record) or
    /// [`abandon_probe`](Self::abandon_probe): until then there is no other.
    pub(super) fn try_begin_call(&mut self, now: Instant) -> Result<CallRole, CallRefused> {
        match self.state {
            HospitalState::Closed => Ok(CallRole::Regular),
            HospitalState::Open { until, .. } if now < until => Err(CallRefused::Outage),
            HospitalState::Open { until, probing: None } => {
                self.state = HospitalState::Open { until, probing: Some(now) };
                Ok(CallRole::Probe)
            }
            HospitalState::Open { probing: Some(since), .. } if now < since + MAX_PROBE_WAIT => {
                Err(CallRefused::Probing)
            }
            HospitalState::Open { .. } => Err(CallRefused::Outage),
        }
    }

    /// Records how a call ended. While it is open, only the probe counts: the other calls began before.
    pub(super) fn record(&mut self, role: CallRole, outage: bool, now: Instant) -> Option<BreakerChange> {
        match (self.state, role) {
            (HospitalState::Closed, _) => self.record_in_window(outage, now),
            (HospitalState::Open { .. }, CallRole::Probe) if outage => {
                self.abandon_probe();
                Some(self.open(now + self.pause))
            }
            (HospitalState::Open { .. }, CallRole::Probe) => {
                *self = Self::new(self.pause);
                Some(BreakerChange::Closed)
            }
            (HospitalState::Open { .. }, CallRole::Regular) => None,
        }
    }

    /// Records that a probe was dropped before it ended; the next call may probe.
    pub(super) fn abandon_probe(&mut self) {
        if let HospitalState::Open { probing, .. } = &mut self.state {
            *probing = None;
        }
    }

    /// Stops calls until a moment, which the hospital may have named. The later of two moments counts, and a probe in
    /// flight stays the only one.
    pub(super) fn open(&mut self, until: Instant) -> BreakerChange {
        self.state = match self.state {
            HospitalState::Closed => HospitalState::Open { until, probing: None },
            HospitalState::Open { until: before, probing } => {
                HospitalState::Open { until: until.max(before), probing }
            }
        };
        BreakerChange::Opened
    }

    fn record_in_window(&mut self, outage: bool, now: Instant) -> Option<BreakerChange> {
        self.calls = (self.calls << 1 | u32::from(outage)) & ((1 << WINDOW) - 1);
        self.seen = (self.seen + 1).min(WINDOW);
        let is_outage = self.seen >= MIN_SAMPLE && 5 * self.calls.count_ones() >= 4 * self.seen;
        is_outage.then(|| self.open(now + self.pause))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAUSE: Duration = Duration::from_secs(5);

    fn opened(now: Instant) -> HospitalBreaker {
        let mut breaker = HospitalBreaker::new(PAUSE);
        while breaker.record(CallRole::Regular, true, now).is_none() {}
        breaker
    }

    #[test]
    fn it_opens_when_nearly_all_of_the_last_calls_met_an_outage() {
        let now = Instant::now();
        let mut breaker = HospitalBreaker::new(PAUSE);
        for _ in 0..MIN_SAMPLE - 1 {
            assert_eq!(breaker.record(CallRole::Regular, true, now), None);
        }
        assert_eq!(breaker.record(CallRole::Regular, true, now), Some(BreakerChange::Opened));
        assert_eq!(breaker.try_begin_call(now), Err(CallRefused::Outage));

        let mut breaker = HospitalBreaker::new(PAUSE);
        for call in 0..1_000 {
            assert_eq!(breaker.record(CallRole::Regular, call % 2 == 0, now), None, "half of them work");
        }
    }

    #[test]
    fn one_call_at_a_time_finds_out_whether_it_closes() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.try_begin_call(now + PAUSE / 2), Err(CallRefused::Outage));
        let later = now + PAUSE;
        assert_eq!(breaker.try_begin_call(later), Ok(CallRole::Probe));
        assert_eq!(breaker.try_begin_call(later + MAX_PROBE_WAIT / 2), Err(CallRefused::Probing));
        let later = later + MAX_PROBE_WAIT;
        assert_eq!(breaker.try_begin_call(later), Err(CallRefused::Outage), "it takes too long");
        assert_eq!(breaker.record(CallRole::Probe, true, later), Some(BreakerChange::Opened));
        assert_eq!(breaker.try_begin_call(later), Err(CallRefused::Outage));
        let later = later + PAUSE;
        assert_eq!(breaker.try_begin_call(later), Ok(CallRole::Probe));
        breaker.abandon_probe();
        assert_eq!(breaker.try_begin_call(later), Ok(CallRole::Probe));
        assert_eq!(breaker.record(CallRole::Regular, false, later), None, "it began before");
        assert_eq!(breaker.record(CallRole::Probe, false, later), Some(BreakerChange::Closed));
        assert_eq!(breaker.try_begin_call(later), Ok(CallRole::Regular));
        assert_eq!(breaker.record(CallRole::Regular, true, later), None, "what was before is forgotten");
    }

    #[test]
    fn what_the_party_asks_for_neither_ends_early_nor_lets_a_second_probe_go() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + PAUSE;
        assert_eq!(breaker.try_begin_call(later), Ok(CallRole::Probe));
        breaker.open(later + 3 * PAUSE);
        breaker.open(later);
        assert_eq!(
            breaker.try_begin_call(later + 3 * PAUSE),
            Err(CallRefused::Outage),
            "the probe is still on its way"
        );
        assert_eq!(breaker.record(CallRole::Probe, true, later), Some(BreakerChange::Opened));
        assert_eq!(breaker.try_begin_call(later + 2 * PAUSE), Err(CallRefused::Outage));
        assert_eq!(breaker.try_begin_call(later + 3 * PAUSE), Ok(CallRole::Probe));
    }

    proptest! {
        /// Whatever happens: there is never more than one probe, and time alone brings the next call.
        #[test]
        fn it_never_stays_open_for_ever(steps in prop::collection::vec((0u8..4, 0u64..8_000), 0..200)) {
            let mut now = Instant::now();
            let mut breaker = HospitalBreaker::new(PAUSE);
            let mut probes = 0;
            for (step, milliseconds) in steps {
                now += Duration::from_millis(milliseconds);
                match step {
                    0 => probes += u32::from(breaker.try_begin_call(now) == Ok(CallRole::Probe)),
                    1 | 2 if probes > 0 => {
                        breaker.record(CallRole::Probe, step == 1, now);
                        probes = 0;
                    }
                    3 if probes > 0 => {
                        breaker.abandon_probe();
                        probes = 0;
                    }
                    _ => drop(breaker.record(CallRole::Regular, step != 2, now)),
                }
                prop_assert!(probes <= 1);
            }
            if probes == 0 {
                prop_assert!(breaker.try_begin_call(now + PAUSE).is_ok());
            }
        }
    }
}
