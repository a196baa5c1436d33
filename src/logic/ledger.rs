//! The ledger of a batch: one slot per record, in which exactly one outcome ends up, on every path.
//!
//! A record goes Waiting -> Started -> (Writing ->) Settled. A waiting record is held by a [`Ticket`]; dropping it
//! does nothing. `Ticket::begin` gives an [`Attempt`]; dropping that settles the record as FAILED / INTERNAL, so a
//! panic anywhere costs one record and no more. Closing the ledger settles what is left: Waiting as NOT_ATTEMPTED,
//! Started as FAILED with the cause, Writing as FAILED with STORE_OUTCOME_UNKNOWN. The first settlement of a record
//! counts; later ones are ignored.
//!
//! The ledger of a whole batch has one slot per record, its index, and keeps every result to the end. The ledger of
//! a stream has a window of slots, each used by one record after another: the result of a settled record goes to the
//! [`ResultStream`], and taking it there frees the slot. The channel to the result stream holds the whole window, so
//! settling never waits for the consumer of the results.
//!
//! The slots are the truth; the counters beside them only say when to look again, and how far the batch is. Each slot
//! has a lock of its own, wanted only by its record, by the taker of its result and by the closing.

mod closing;
mod counters;
mod handles;
mod record_ref;
mod result_stream;
mod settlement;
mod slot;
mod totals;

#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError};

use cleaning::issue_groups::IssueGroups;
use tokio::{sync::mpsc, time::Instant};

use self::{
    counters::Counters,
    slot::{Slot, Stage},
    totals::Totals,
};
use crate::{
    svc::BatchProgress,
    sync::{Mutex, MutexGuard},
};

pub use self::{
    counters::Progress,
    handles::{Attempt, Receipt, Ticket},
    record_ref::{MAX_RECORD_ID, RecordRef},
    result_stream::{FreeSlots, ResultStream},
    settlement::{RecordResult, Settlement},
    totals::BatchCounts,
};

/// The outcomes of one batch.
pub struct Ledger {
    slots: Box<[Mutex<Slot>]>,
    counters: Counters,
    /// Takes the slots whose results may go out. A whole batch has none: its results are taken at the end.
    result_stream: Option<mpsc::Sender<u32>>,
    /// Locked before the lock of a slot, never after.
    sums: Mutex<Sums>,
}

/// The sums over the records whose results were taken, and once the ledger is closed over all records.
#[derive(Default)]
struct Sums {
    totals: Totals,
    /// Records of a whole batch that were stored and then lost to another record of it.
    superseded: Vec<u32>,
    closed: bool,
}

impl Ledger {
    /// The ledger of a whole batch: the slot of a record is its index.
    pub fn whole(records: u32) -> Arc<Self> {
        Arc::new(Self::with_slots(records, None))
    }

    /// The ledger of a stream, in which at most `window` records have a slot at once.
    pub fn window(window: u32) -> (Arc<Self>, FreeSlots, ResultStream) {
        let (free_slots, free) = FreeSlots::new(window);
        let (released, settled) = mpsc::channel(window as usize);
        let ledger = Arc::new(Self::with_slots(window, Some(released)));
        let result_stream = ResultStream { ledger: Arc::downgrade(&ledger), settled, free };
        (ledger, free_slots, result_stream)
    }

    fn with_slots(slots: u32, result_stream: Option<mpsc::Sender<u32>>) -> Self {
        Self {
            slots: (0..slots).map(|_| Mutex::default()).collect(),
            counters: Counters::default(),
            result_stream,
            sums: Mutex::default(),
        }
    }

    /// Gives a free slot to a record, which waits from now on.
    pub fn admit(self: &Arc<Self>, slot: u32, record: Arc<RecordRef>) -> Ticket {
        let open = Slot::Open { record: Arc::clone(&record), stage: Stage::Waiting, attempts: 0 };
        let before = std::mem::replace(&mut *self.slot(slot), open);
        debug_assert!(matches!(before, Slot::Free), "a slot has one record");
        self.counters.admitted();
        Ticket { ledger: Arc::clone(self), slot, record, since: Instant::now() }
    }

    /// Most records that have a slot at once.
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// How many records are not settled yet.
    pub fn unsettled(&self) -> u32 {
        self.counters.unsettled()
    }

    /// How many records were started and are not settled yet.
    pub fn in_flight(&self) -> u32 {
        self.counters.in_flight()
    }

    /// How far the batch is.
    pub fn progress(&self) -> Progress {
        self.counters.progress()
    }

    /// Waits until every admitted record is settled.
    pub async fn all_settled(&self) {
        self.counters.wait_until(|counters| counters.unsettled() == 0).await;
    }

    /// Waits until no record is in flight; records that were not started may be left.
    pub async fn nothing_in_flight(&self) {
        self.counters.wait_until(|counters| counters.in_flight() == 0).await;
    }

    /// Waits until the consumer of the results has gone. Returns at once for a whole batch, which has none.
    pub async fn consumer_gone(&self) {
        if let Some(result_stream) = &self.result_stream {
            result_stream.closed().await;
        }
    }

    /// Records that a stored record lost to a newer, committed one of this batch. In a whole batch this is the one
    /// legal change of a settled outcome, and it shows when the ledger closes. The result of a streamed record may
    /// have gone out and stays as it is.
    pub fn mark_superseded(&self, index: u32) {
        if self.result_stream.is_none() {
            self.sums().superseded.push(index);
        }
    }

    /// The sums over all records, once the ledger is closed.
    pub fn take_totals(&self) -> (BatchCounts, IssueGroups) {
        std::mem::take(&mut self.sums().totals).into_parts()
    }

    /// The results of a whole batch, in index order, once the ledger is closed.
    pub fn results(&self) -> Vec<RecordResult> {
        let taken = self.slots.iter().filter_map(|slot| lock(slot).take());
        taken.map(|(record, settlement)| RecordResult::new(&record, settlement)).collect()
    }

    /// Takes the results of these slots, which frees them.
    fn take(&self, slots: &[u32]) -> Vec<RecordResult> {
        let mut sums = self.sums();
        let mut results = Vec::with_capacity(slots.len());
        for slot in slots {
            if let Some((record, settlement)) = self.slot(*slot).take() {
                // Closing the ledger counts the records that are in it then.
                if !sums.closed {
                    sums.totals.add(&record, &settlement);
                }
                results.push(RecordResult::new(&record, settlement));
            }
        }
        results
    }

    /// Settles a record unless it is settled already. Returns whether this call settled it.
    fn settle(&self, slot: u32, settlement: Settlement) -> bool {
        let outcome = settlement.outcome;
        let first = self.slot(slot).settle(settlement);
        if first {
            self.counters.settled(outcome);
        }
        first
    }

    /// Lets the result of a settled record go out.
    fn release(&self, slot: u32) {
        let Some(result_stream) = &self.result_stream else { return };
        if self.slot(slot).release() {
            // There is room: a slot is in the channel once at most. The consumer may have gone.
            let _ = result_stream.try_send(slot);
        }
    }

    fn slot(&self, slot: u32) -> MutexGuard<'_, Slot> {
        lock(&self.slots[slot as usize])
    }

    fn sums(&self) -> MutexGuard<'_, Sums> {
        lock(&self.sums)
    }
}

impl BatchProgress for Ledger {
    fn capacity(&self) -> usize {
        self.slots.len()
    }

    fn settled(&self) -> u32 {
        self.progress().settled()
    }

    fn unsettled(&self) -> u32 {
        self.unsettled()
    }
}

/// Locks. What these locks guard is consistent after a panic too, because each change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
