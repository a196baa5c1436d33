//! What the simulator counts.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use http::StatusCode;
use serde::Serialize;
use tokio::time::Instant;

use super::call_log::{CallLog, CalledPatientKey, RepeatStats};

/// The counts of a simulator at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// Verifications that have begun.
    pub calls: u64,
    /// Verifications in flight now.
    pub in_flight: u64,
    /// The largest number of verifications that were in flight at once.
    pub max_in_flight: u64,
    /// Responses by status. A call that is neither in flight nor counted here got no response.
    pub answers: BTreeMap<u16, u64>,
    /// Repeated calls, with [`SimulatorConfig::track`](crate::SimulatorConfig::track) or faults by rate.
    #[serde(flatten)]
    pub repeats: Option<RepeatStats>,
}

/// The statuses that a response can have.
const STATUSES: std::ops::Range<u16> = 200..600;

/// The counters behind [`Stats`].
pub(crate) struct CallCounters {
    calls: AtomicU64,
    in_flight: AtomicU64,
    max_in_flight: AtomicU64,
    /// One for each of [`STATUSES`].
    answers: Box<[AtomicU64]>,
    log: Option<Mutex<CallLog>>,
}

impl CallCounters {
    pub(crate) fn new(track: bool) -> Self {
        Self {
            calls: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            max_in_flight: AtomicU64::new(0),
            answers: STATUSES.map(|_| AtomicU64::new(0)).collect(),
            log: track.then(Mutex::default),
        }
    }

    /// Counts a call, in flight until the returned value is dropped.
    pub(crate) fn begin(&self) -> CallInFlight<'_> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let in_flight = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.max_in_flight.fetch_max(in_flight, Ordering::Relaxed);
        CallInFlight(self)
    }

    /// Counts the response to a call.
    pub(crate) fn answered(&self, status: StatusCode) {
        let counter = status.as_u16().checked_sub(STATUSES.start).map(usize::from);
        if let Some(counter) = counter.and_then(|index| self.answers.get(index)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Records a call for a patient. Returns how many calls this patient has had, always 1 without tracking.
    pub(crate) fn record_call(&self, patient: CalledPatientKey) -> u32 {
        let Some(mut log) = self.log() else { return 1 };
        log.record(patient, Instant::now())
    }

    /// The number of calls for a patient, 0 without tracking.
    pub(crate) fn calls_of(&self, patient: CalledPatientKey) -> u32 {
        self.log().map_or(0, |log| log.calls_of(patient))
    }

    fn log(&self) -> Option<MutexGuard<'_, CallLog>> {
        Some(self.log.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn stats(&self) -> Stats {
        let answers = self.answers.iter().map(|counter| counter.load(Ordering::Relaxed));
        Stats {
            calls: self.calls.load(Ordering::Relaxed),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            max_in_flight: self.max_in_flight.load(Ordering::Relaxed),
            answers: STATUSES.zip(answers).filter(|(_, count)| *count > 0).collect(),
            repeats: self.log().map(|mut log| log.stats(Instant::now())),
        }
    }

    /// Resets all counts but that of the calls in flight.
    pub(crate) fn reset(&self) {
        self.calls.store(0, Ordering::Relaxed);
        self.max_in_flight.store(self.in_flight.load(Ordering::Relaxed), Ordering::Relaxed);
        self.answers.iter().for_each(|counter| counter.store(0, Ordering::Relaxed));
        if let Some(mut log) = self.log() {
            *log = CallLog::default();
        }
    }
}

/// A call in flight. It also ends when its client disconnects, which drops the call's future.
pub(crate) struct CallInFlight<'a>(&'a CallCounters);

impl Drop for CallInFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counters: &CallCounters) -> [u64; 3] {
        let Stats { calls, in_flight, max_in_flight, .. } = counters.stats();
        [calls, in_flight, max_in_flight]
    }

    #[test]
    fn the_most_in_flight_is_kept_after_calls_have_ended() {
        let counters = CallCounters::new(false);
        let first = counters.begin();
        let second = counters.begin();
        assert_eq!(counts(&counters), [2, 2, 2]);
        drop(second);
        drop(counters.begin());
        drop(first);
        assert_eq!(counts(&counters), [3, 0, 2]);
    }

    #[test]
    fn a_reset_forgets_all_but_the_calls_in_flight() {
        let counters = CallCounters::new(true);
        let waiting = counters.begin();
        drop(counters.begin());
        counters.answered(StatusCode::OK);
        counters.answered(StatusCode::from_u16(599).unwrap());
        counters.record_call(CalledPatientKey::of("42"));
        let stats = counters.stats();
        assert_eq!(stats.answers, BTreeMap::from([(200, 1), (599, 1)]));
        assert_eq!(stats.repeats.unwrap().patients, 1);

        counters.reset();
        assert_eq!(counts(&counters), [0, 1, 1]);
        let stats = counters.stats();
        assert!(stats.answers.is_empty());
        assert_eq!(stats.repeats.unwrap().patients, 0);
        drop(waiting);
        assert_eq!(counters.stats().in_flight, 0);
    }

    #[test]
    fn without_tracking_nobody_is_remembered() {
        let counters = CallCounters::new(false);
        let patient = CalledPatientKey::of("42");
        assert_eq!([counters.record_call(patient), counters.record_call(patient)], [1, 1]);
        assert_eq!(counters.calls_of(patient), 0);
        assert_eq!(counters.stats().repeats, None);
    }
}
