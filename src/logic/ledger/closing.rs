//! The closing of a ledger: it settles what is left and lets every result go out.

use std::sync::Arc;

use cleaning::outcome::{Completion, Outcome};

use super::{
    Ledger, lock,
    record_ref::RecordRef,
    settlement::Settlement,
    slot::{Slot, Stage},
};

impl Ledger {
    /// Ends the batch: settles what is left with the cause, and lets every result go out. Returns the records that
    /// this settled and that nothing else will write down.
    pub fn close(&self, cause: Completion) -> Vec<(Arc<RecordRef>, Settlement)> {
        let mut sums = self.sums();
        let mut left = Vec::new();
        for slot in 0..self.slots.len() as u32 {
            left.extend(self.settle_left_over(slot, cause));
        }
        for index in std::mem::take(&mut sums.superseded) {
            if let Slot::Settled { settlement, .. } = &mut *self.slot(index)
                && settlement.outcome == Outcome::Stored
            {
                settlement.outcome = Outcome::Superseded;
            }
        }
        if !std::mem::replace(&mut sums.closed, true) {
            for slot in &self.slots {
                if let Slot::Settled { record, settlement, .. } = &*lock(slot) {
                    sums.totals.add(record, settlement);
                }
            }
        }
        drop(sums);
        for slot in 0..self.slots.len() as u32 {
            self.release(slot);
        }
        left
    }

    /// Settles a record that is open when the batch closes. A record that the store has is not returned: its writer
    /// learns what became of it and writes that down.
    fn settle_left_over(&self, slot: u32, cause: Completion) -> Option<(Arc<RecordRef>, Settlement)> {
        let mut slot = self.slot(slot);
        let (settlement, stage) = slot.left_over(cause)?;
        let outcome = settlement.outcome;
        slot.settle(settlement.clone());
        let Slot::Settled { record, .. } = &*slot else { return None };
        let left = (stage != Stage::Writing).then(|| (Arc::clone(record), settlement));
        drop(slot);
        self.counters.settled(outcome);
        left
    }
}
