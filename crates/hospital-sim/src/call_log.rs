//! The calls for each patient: how many, and when.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    time::Duration,
};

use serde::Serialize;
use tokio::time::Instant;

/// Patients that are remembered at most, at 32 bytes each and the overhead of a hash table.
const MAX_PATIENTS: usize = 200_000;
/// Seconds whose calls are counted separately at most.
const MAX_SECONDS: usize = 600;

/// The hash of a patient id, so that ids of any length cost the same. It must never change: faults are selected by it,
/// and a seed must select the same faults in all versions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct CalledPatientKey(pub u64);

impl CalledPatientKey {
    /// FNV-1a of the id.
    pub(crate) fn of(patient_id: &str) -> Self {
        let add = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(patient_id.bytes().fold(0xcbf2_9ce4_8422_2325, add))
    }
}

/// Repeated calls for the same patients. If a client sends each patient once, these are its retries.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RepeatStats {
    pub patients: u64,
    /// Calls for a patient who had a call before.
    pub repeated_calls: u64,
    /// Calls for patients that were not remembered because [`patients`](Self::patients) is at its limit of 200,000.
    /// They count as first calls.
    pub forgotten_calls: u64,
    /// The time between the arrivals of two calls for the same patient, once there are two.
    pub spacing_ms: Option<Spacing>,
    /// Calls that arrived in each of the last 600 seconds since the first call, oldest first. The last element counts
    /// the current second.
    pub calls_per_second: Vec<u32>,
}

/// The time between calls for the same patient, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spacing {
    pub min: f64,
    pub mean: f64,
}

/// The calls seen so far, in bounded memory.
#[derive(Default)]
pub(crate) struct CallLog {
    patients: HashMap<CalledPatientKey, CalledPatient>,
    repeated_calls: u64,
    forgotten_calls: u64,
    min_spacing: Option<Duration>,
    sum_of_spacings: Duration,
    seconds: Seconds,
}

struct CalledPatient {
    calls: u32,
    last: Instant,
}

impl CallLog {
    /// Records a call; returns how many this patient has had.
    pub(crate) fn record(&mut self, key: CalledPatientKey, now: Instant) -> u32 {
        self.seconds.record(now);
        let has_room = self.patients.len() < MAX_PATIENTS;
        let (spacing, calls) = match self.patients.entry(key) {
            Entry::Vacant(entry) => {
                if has_room {
                    entry.insert(CalledPatient { calls: 1, last: now });
                } else {
                    self.forgotten_calls += 1;
                }
                return 1;
            }
            Entry::Occupied(entry) => {
                let patient = entry.into_mut();
                patient.calls = patient.calls.saturating_add(1);
                // Calls may be recorded in another order than they arrived in.
                let spacing = now.saturating_duration_since(patient.last);
                patient.last = patient.last.max(now);
                (spacing, patient.calls)
            }
        };
        self.repeated_calls += 1;
        self.sum_of_spacings = self.sum_of_spacings.saturating_add(spacing);
        self.min_spacing = Some(self.min_spacing.map_or(spacing, |min| min.min(spacing)));
        calls
    }

    pub(crate) fn calls_of(&self, key: CalledPatientKey) -> u32 {
        self.patients.get(&key).map_or(0, |patient| patient.calls)
    }

    pub(crate) fn stats(&mut self, now: Instant) -> RepeatStats {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        let spacing = |min| Spacing {
            min: milliseconds(min),
            mean: milliseconds(self.sum_of_spacings) / self.repeated_calls as f64,
        };
        RepeatStats {
            patients: self.patients.len() as u64,
            repeated_calls: self.repeated_calls,
            forgotten_calls: self.forgotten_calls,
            spacing_ms: self.min_spacing.map(spacing),
            calls_per_second: self.seconds.counts(now),
        }
    }
}

/// Calls in each of the last seconds, the current one at the back.
#[derive(Default)]
struct Seconds {
    /// When the second at the back began, once there was a call.
    current: Option<Instant>,
    calls: VecDeque<u32>,
}

impl Seconds {
    fn record(&mut self, now: Instant) {
        if self.current.is_none() {
            self.current = Some(now);
            self.calls.push_back(0);
        }
        self.advance_to(now);
        if let Some(calls) = self.calls.back_mut() {
            *calls = calls.saturating_add(1);
        }
    }

    fn counts(&mut self, now: Instant) -> Vec<u32> {
        self.advance_to(now);
        self.calls.iter().copied().collect()
    }

    /// Makes the second of `now` the current one.
    fn advance_to(&mut self, now: Instant) {
        let Some(current) = &mut self.current else { return };
        let passed = now.saturating_duration_since(*current).as_secs();
        *current += Duration::from_secs(passed);
        for _ in 0..passed.min(MAX_SECONDS as u64) {
            if self.calls.len() == MAX_SECONDS {
                self.calls.pop_front();
            }
            self.calls.push_back(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn key(patient: usize) -> CalledPatientKey {
        CalledPatientKey::of(&patient.to_string())
    }

    #[test]
    fn calls_for_the_same_patient_are_counted_and_spaced() {
        let (mut log, start) = (CallLog::default(), Instant::now());
        assert_eq!(log.stats(start).spacing_ms, None);
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(log.record(key(1), start), 1);
        assert_eq!(log.record(key(2), at(10)), 1);
        assert_eq!(log.record(key(1), at(100)), 2);
        assert_eq!(log.record(key(1), at(400)), 3);
        let repeats = log.stats(at(400));
        assert_eq!((repeats.patients, repeats.repeated_calls, repeats.forgotten_calls), (2, 2, 0));
        assert_eq!(repeats.spacing_ms, Some(Spacing { min: 100.0, mean: 200.0 }));
        assert_eq!([1, 2, 3].map(|patient| log.calls_of(key(patient))), [3, 1, 0]);
    }

    #[test]
    fn calls_are_kept_by_the_second_for_ten_minutes() {
        let (mut log, start) = (CallLog::default(), Instant::now());
        assert!(log.stats(start).calls_per_second.is_empty());
        log.record(key(1), start);
        log.record(key(2), start + SECOND / 2);
        log.record(key(3), start + SECOND * 3);
        assert_eq!(log.stats(start + SECOND * 4).calls_per_second, [2, 0, 0, 1, 0]);

        let later = log.stats(start + SECOND * 601).calls_per_second;
        assert_eq!((later.len(), later[0], later[1]), (600, 0, 1), "the first two have left");
        log.record(key(4), start + SECOND * 1_000_000);
        let much_later = log.stats(start + SECOND * 1_000_000).calls_per_second;
        assert_eq!((much_later.len(), much_later.iter().sum::<u32>()), (600, 1));
    }

    #[test]
    fn beyond_the_limit_new_patients_are_forgotten_and_old_ones_known() {
        let (mut log, now) = (CallLog::default(), Instant::now());
        for patient in 0..MAX_PATIENTS {
            log.record(key(patient), now);
        }
        for _ in 0..2 {
            assert_eq!(log.record(key(MAX_PATIENTS), now), 1);
        }
        assert_eq!(log.record(key(0), now), 2);
        let repeats = log.stats(now);
        assert_eq!((repeats.patients, repeats.repeated_calls, repeats.forgotten_calls), (200_000, 1, 2));
    }
}
