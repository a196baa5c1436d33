//! The tallies of a batch, one per hospital.

use std::sync::{Arc, Mutex, PoisonError};

use cleaning::{clean::Cleaned, cleaning_tally::CleaningTally};

/// The tallies of a batch: each of its feeders adds one when it ends.
#[derive(Default)]
pub(super) struct CleaningStats(Mutex<Vec<CleaningTally>>);

/// Counts for one feeder, and adds the tally to its batch's when it is dropped: a feeder may be cut off
/// between any two records.
pub(super) struct Counting<'t> {
    tallies: &'t CleaningStats,
    tally: CleaningTally,
}

impl CleaningStats {
    pub(super) fn counting(&self, hospital_code: Arc<str>) -> Counting<'_> {
        Counting { tallies: self, tally: CleaningTally::new(hospital_code) }
    }

    /// The tallies of the feeders that have ended.
    pub(super) fn take(&self) -> Vec<CleaningTally> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Counting<'_> {
    pub(super) fn add(&mut self, cleaned: &Cleaned) {
        self.tally.add(cleaned);
    }
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        let mut tallies = self.tallies.0.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.push(std::mem::take(&mut self.tally));
    }
}
