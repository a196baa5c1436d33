//! Who has been asked about, how often and when.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    time::Duration,
};

use serde::Serialize;
use tokio::time::Instant;

/// The most patients that are remembered, at 32 bytes each and the room of a hash table.
const MAX_PATIENTS: usize = 200_000;
/// The most seconds whose calls are kept apart.
const MAX_SECONDS: usize = 600;

/// A patient's number, hashed, so that numbers of any length cost the same. The hash stays the same in all
/// versions: what is drawn by it can be repeated.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct PatientKey(pub u64);

impl PatientKey {
    /// FNV-1a of the number.
    pub(super) fn of(patient_id: &str) -> Self {
        let add = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(patient_id.bytes().fold(0xcbf2_9ce4_8422_2325, add))
    }
}

/// What tracking has seen of the patients asked about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RepeatStats {
    /// Patients that are remembered.
    pub patients: u64,
    /// Calls for a patient who had been asked about before.
    pub repeated_calls: u64,
    /// Calls for patients who could not be remembered, because [`patients`](Self::patients) is at its limit of
    /// 200,000. They count as first calls.
    pub forgotten_calls: u64,
    /// Between two calls for the same patient, from arrival to arrival, once there are two.
    pub spacing_ms: Option<Spacing>,
    /// Calls that arrived in each of the last 600 seconds since the first call, oldest first. The last second
    /// is the running one.
    pub calls_per_second: Vec<u32>,
}

/// How far calls for the same patient are apart, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spacing {
    /// The least.
    pub min: f64,
    /// The mean.
    pub mean: f64,
}

/// The calls seen so far, in bounded memory.
#[derive(Default)]
pub(super) struct CallLog {
    patients: HashMap<PatientKey, Patient>,
    repeated_calls: u64,
    forgotten_calls: u64,
    least_spacing: Option<Duration>,
    sum_of_spacings: Duration,
    seconds: Seconds,
}

struct Patient {
    calls: u32,
    last: Instant,
}

impl CallLog {
    /// Notes a call, and says the how-manieth for its patient it is, from 1 on.
    pub(super) fn note(&mut self, key: PatientKey, now: Instant) -> u32 {
        self.seconds.note(now);
        let has_room = self.patients.len() < MAX_PATIENTS;
        let (spacing, calls) = match self.patients.entry(key) {
            Entry::Vacant(entry) => {
                if has_room {
                    entry.insert(Patient { calls: 1, last: now });
                } else {
                    self.forgotten_calls += 1;
                }
                return 1;
            }
            Entry::Occupied(entry) => {
                let patient = entry.into_mut();
                patient.calls = patient.calls.saturating_add(1);
                // Calls may be noted in another order than they took their time in.
                let spacing = now.saturating_duration_since(patient.last);
                patient.last = patient.last.max(now);
                (spacing, patient.calls)
            }
        };
        self.repeated_calls += 1;
        self.sum_of_spacings = self.sum_of_spacings.saturating_add(spacing);
        self.least_spacing = Some(self.least_spacing.map_or(spacing, |least| least.min(spacing)));
        calls
    }

    /// How often a patient has been asked about.
    pub(super) fn calls_of(&self, key: PatientKey) -> u32 {
        self.patients.get(&key).map_or(0, |patient| patient.calls)
    }

    /// What has been seen until `now`.
    pub(super) fn read(&mut self, now: Instant) -> RepeatStats {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        let spacing = |least| Spacing {
            min: milliseconds(least),
            mean: milliseconds(self.sum_of_spacings) / self.repeated_calls as f64,
        };
        RepeatStats {
            patients: self.patients.len() as u64,
            repeated_calls: self.repeated_calls,
            forgotten_calls: self.forgotten_calls,
            spacing_ms: self.least_spacing.map(spacing),
            calls_per_second: self.seconds.read(now),
        }
    }
}

/// Calls in each of the last seconds, the running one at the back.
#[derive(Default)]
struct Seconds {
    /// When the second at the back began, once there was a call.
    running: Option<Instant>,
    calls: VecDeque<u32>,
}

impl Seconds {
    fn note(&mut self, now: Instant) {
        if self.running.is_none() {
            self.running = Some(now);
            self.calls.push_back(0);
        }
        self.turn_to(now);
        if let Some(calls) = self.calls.back_mut() {
            *calls = calls.saturating_add(1);
        }
    }

    fn read(&mut self, now: Instant) -> Vec<u32> {
        self.turn_to(now);
        self.calls.iter().copied().collect()
    }

    /// Makes the second of `now` the running one.
    fn turn_to(&mut self, now: Instant) {
        let Some(running) = &mut self.running else { return };
        let passed = now.saturating_duration_since(*running).as_secs();
        *running += Duration::from_secs(passed);
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

    fn key(patient: usize) -> PatientKey {
        PatientKey::of(&patient.to_string())
    }

    #[test]
    fn calls_for_the_same_patient_are_counted_and_spaced() {
        let (mut log, start) = (CallLog::default(), Instant::now());
        assert_eq!(log.read(start).spacing_ms, None);
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(log.note(key(1), start), 1);
        assert_eq!(log.note(key(2), at(10)), 1);
        assert_eq!(log.note(key(1), at(100)), 2);
        assert_eq!(log.note(key(1), at(400)), 3);
        let repeats = log.read(at(400));
        assert_eq!((repeats.patients, repeats.repeated_calls, repeats.forgotten_calls), (2, 2, 0));
        assert_eq!(repeats.spacing_ms, Some(Spacing { min: 100.0, mean: 200.0 }));
        assert_eq!([1, 2, 3].map(|patient| log.calls_of(key(patient))), [3, 1, 0]);
    }

    #[test]
    fn calls_are_kept_by_the_second_for_ten_minutes() {
        let (mut log, start) = (CallLog::default(), Instant::now());
        assert!(log.read(start).calls_per_second.is_empty());
        log.note(key(1), start);
        log.note(key(2), start + SECOND / 2);
        log.note(key(3), start + SECOND * 3);
        assert_eq!(log.read(start + SECOND * 4).calls_per_second, [2, 0, 0, 1, 0]);

        let later = log.read(start + SECOND * 601).calls_per_second;
        assert_eq!((later.len(), later[0], later[1]), (600, 0, 1), "the first two have left");
        log.note(key(4), start + SECOND * 1_000_000);
        let much_later = log.read(start + SECOND * 1_000_000).calls_per_second;
        assert_eq!((much_later.len(), much_later.iter().sum::<u32>()), (600, 1));
    }

    #[test]
    fn beyond_the_limit_new_patients_are_forgotten_and_old_ones_known() {
        let (mut log, now) = (CallLog::default(), Instant::now());
        for patient in 0..MAX_PATIENTS {
            log.note(key(patient), now);
        }
        for _ in 0..2 {
            assert_eq!(log.note(key(MAX_PATIENTS), now), 1);
        }
        assert_eq!(log.note(key(0), now), 2);
        let repeats = log.read(now);
        assert_eq!((repeats.patients, repeats.repeated_calls, repeats.forgotten_calls), (200_000, 1, 2));
    }
}
