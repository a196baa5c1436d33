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

use super::call_log::{CallLog, PatientKey, RepeatStats};

/// The counts of a simulator at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Verifications that have begun.
    pub calls: u64,
    /// Verifications in flight now.
    pub in_flight: u64,
    /// The most verifications that were ever in flight at once.
    pub max_in_flight: u64,
}

/// All that is known of a simulator's calls at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Traffic {
    /// How many there are.
    #[serde(flatten)]
    pub stats: Stats,
    /// Answers by status. Calls that are neither in flight nor in here had no answer.
    pub answers: BTreeMap<u16, u64>,
    /// Whom they were about, if that is tracked.
    #[serde(flatten)]
    pub repeats: Option<RepeatStats>,
}

/// The statuses that can be answered.
const STATUSES: std::ops::Range<u16> = 200..600;

/// The counters behind [`Traffic`].
pub(super) struct Counters {
    calls: AtomicU64,
    in_flight: AtomicU64,
    max_in_flight: AtomicU64,
    /// One for each of [`STATUSES`].
    answers: Box<[AtomicU64]>,
    log: Option<Mutex<CallLog>>,
}

impl Counters {
    /// Everything at zero. Whom calls are about is noted only if it is to be tracked.
    pub(super) fn new(track: bool) -> Self {
        Self {
            calls: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            max_in_flight: AtomicU64::new(0),
            answers: STATUSES.map(|_| AtomicU64::new(0)).collect(),
            log: track.then(Mutex::default),
        }
    }

    /// Counts a call, in flight until the returned value is dropped.
    pub(super) fn begin(&self) -> Call<'_> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let in_flight = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.max_in_flight.fetch_max(in_flight, Ordering::Relaxed);
        Call(self)
    }

    /// Counts the answer of a call.
    pub(super) fn answered(&self, status: StatusCode) {
        let counter = status.as_u16().checked_sub(STATUSES.start).map(usize::from);
        if let Some(counter) = counter.and_then(|index| self.answers.get(index)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes whom a call is about. Says the how-manieth for that patient it is, which is always 1 if that is
    /// not tracked.
    pub(super) fn record_call(&self, patient: PatientKey) -> u32 {
        let Some(mut log) = self.log() else { return 1 };
        log.note(patient, Instant::now())
    }

    /// How often a patient has been asked about, or 0 if that is not tracked.
    pub(super) fn calls_of(&self, patient: PatientKey) -> u32 {
        self.log().map_or(0, |log| log.calls_of(patient))
    }

    fn log(&self) -> Option<MutexGuard<'_, CallLog>> {
        Some(self.log.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The counts now.
    pub(super) fn read(&self) -> Stats {
        Stats {
            calls: self.calls.load(Ordering::Relaxed),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            max_in_flight: self.max_in_flight.load(Ordering::Relaxed),
        }
    }

    /// All that is known now.
    pub(super) fn read_all(&self) -> Traffic {
        let answers = self.answers.iter().map(|counter| counter.load(Ordering::Relaxed));
        Traffic {
            stats: self.read(),
            answers: STATUSES.zip(answers).filter(|(_, count)| *count > 0).collect(),
            repeats: self.log().map(|mut log| log.read(Instant::now())),
        }
    }

    /// Forgets everything but the calls in flight.
    pub(super) fn reset(&self) {
        self.calls.store(0, Ordering::Relaxed);
        self.max_in_flight.store(self.in_flight.load(Ordering::Relaxed), Ordering::Relaxed);
        self.answers.iter().for_each(|counter| counter.store(0, Ordering::Relaxed));
        if let Some(mut log) = self.log() {
            *log = CallLog::default();
        }
    }
}

/// A call in flight. It also ends when its caller hangs up, which drops the call's future.
pub(super) struct Call<'a>(&'a Counters);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_in_flight_is_kept_after_calls_have_ended() {
        let counters = Counters::new(false);
        let first = counters.begin();
        let second = counters.begin();
        assert_eq!(counters.read(), Stats { calls: 2, in_flight: 2, max_in_flight: 2 });
        drop(second);
        drop(counters.begin());
        drop(first);
        assert_eq!(counters.read(), Stats { calls: 3, in_flight: 0, max_in_flight: 2 });
    }

    #[test]
    fn a_reset_forgets_all_but_the_calls_in_flight() {
        let counters = Counters::new(true);
        let waiting = counters.begin();
        drop(counters.begin());
        counters.answered(StatusCode::OK);
        counters.answered(StatusCode::from_u16(599).unwrap());
        counters.record_call(PatientKey::of("42"));
        let traffic = counters.read_all();
        assert_eq!(traffic.answers, BTreeMap::from([(200, 1), (599, 1)]));
        assert_eq!(traffic.repeats.unwrap().patients, 1);

        counters.reset();
        let traffic = counters.read_all();
        assert_eq!(traffic.stats, Stats { calls: 0, in_flight: 1, max_in_flight: 1 });
        assert!(traffic.answers.is_empty());
        assert_eq!(traffic.repeats.unwrap().patients, 0);
        drop(waiting);
        assert_eq!(counters.read().in_flight, 0);
    }

    #[test]
    fn without_tracking_nobody_is_remembered() {
        let counters = Counters::new(false);
        assert_eq!(
            [counters.record_call(PatientKey::of("42")), counters.record_call(PatientKey::of("42"))],
            [1, 1]
        );
        assert_eq!(counters.calls_of(PatientKey::of("42")), 0);
        assert_eq!(counters.read_all().repeats, None);
    }
}
