//! What cleaning changed in the records of a batch, by hospital.

use std::sync::{Arc, Mutex, PoisonError};

use cleaning::{clean::Cleaned, cleaning_tally::CleaningTally};

/// The tallies of the cleaning tasks that have ended.
#[derive(Default)]
pub(crate) struct CleaningStats(Mutex<Vec<CleaningTally>>);

/// Counts for one cleaning task. Adds its tally to those of the batch when it is dropped, because the task may be
/// cut off between any two records.
pub(crate) struct TaskTally<'s> {
    stats: &'s CleaningStats,
    tally: CleaningTally,
}

impl CleaningStats {
    pub(crate) fn tally(&self, hospital_code: Arc<str>) -> TaskTally<'_> {
        TaskTally { stats: self, tally: CleaningTally::new(hospital_code) }
    }

    /// Takes the tallies of the tasks that have ended.
    pub(crate) fn take(&self) -> Vec<CleaningTally> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl TaskTally<'_> {
    pub(crate) fn add(&mut self, cleaned: &Cleaned) {
        self.tally.add(cleaned);
    }
}

impl Drop for TaskTally<'_> {
    fn drop(&mut self) {
        let mut tallies = self.stats.0.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.push(std::mem::take(&mut self.tally));
    }
}
