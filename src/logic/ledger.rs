//! The ledger of a batch: one place per record, in which exactly one outcome ends up, on every path.
//!
//! A record goes Waiting -> Started -> (Writing ->) Settled. One that waits is held by a [`Ticket`]; dropping
//! it does nothing. `Ticket::begin` gives an [`Attempt`]; dropping that settles the record as FAILED /
//! INTERNAL, so a panic anywhere costs one record and no more. Closing the ledger settles what is left:
//! Waiting as NOT_ATTEMPTED, Started as FAILED with the cause, Writing as FAILED with STORE_OUTCOME_UNKNOWN.
//! Whoever settles a record first wins; later ones are ignored.
//!
//! The ledger of a whole batch has one place per record, its index, and keeps every result to the end. That of
//! a stream has a window of places, each for one record after the other: the result of a settled record goes
//! to the [`ResultStream`], and when it is taken there the place is free again. The channel to the outlet holds the
//! whole window, so settling never waits for whoever takes the results.
//!
//! The places are the books; the counters beside them only say when to look again, and how far the batch is.
//! Each place has a lock of its own, which nobody but its record, its taker and the closing ever want.

mod handles;
mod result_stream;
mod settlement;
mod slot;

#[cfg(test)]
mod tests;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

pub use handles::{Attempt, Receipt, Ticket};
pub use result_stream::{FreeSlots, Progress, ResultStream};
pub use settlement::Settlement;
use slot::{Slot, Stage};

use super::{
    record_ref::RecordRef,
    report::{BatchCounts, RecordResult},
    totals::Totals,
};
use crate::svc::BatchProgress;
use cleaning::{
    issue_groups::IssueGroups,
    outcome::{Completion, Outcome, OutcomeCounts},
};

/// The outcomes of one batch.
pub struct Ledger {
    slots: Box<[Mutex<Slot>]>,
    received: AtomicU32,
    /// Settled records by outcome.
    settled: [AtomicU32; Outcome::COUNT],
    /// Records that are not settled.
    unsettled: AtomicU32,
    /// Records that are Started or Writing.
    in_flight: AtomicU32,
    /// Told whenever `unsettled` or `in_flight` falls to zero.
    quiet: Notify,
    /// Where places go whose results may be taken. A whole batch has none: its results are taken at the end.
    result_stream: Option<mpsc::Sender<u32>>,
    /// Locked before the lock of a place, never after.
    books: Mutex<Books>,
}

/// The sums over all records whose results were taken, and at the end over all records.
#[derive(Default)]
struct Books {
    account: Totals,
    /// Records of a whole batch that were stored and then lost to another record of it.
    superseded: Vec<u32>,
    closed: bool,
}

impl Ledger {
    /// The ledger of a whole batch: a record's place is its index.
    pub fn whole(records: u32) -> Arc<Self> {
        Arc::new(Self::with(records, None))
    }

    /// The ledger of a stream, in which at most `window` records have a place at a time.
    pub fn window(window: u32) -> (Arc<Self>, FreeSlots, ResultStream) {
        let (places, free) = FreeSlots::of(window);
        let (result_stream, settled) = mpsc::channel(window as usize);
        let ledger = Arc::new(Self::with(window, Some(result_stream)));
        let result_stream = ResultStream { ledger: Arc::downgrade(&ledger), settled, free };
        (ledger, places, result_stream)
    }

    fn with(places: u32, result_stream: Option<mpsc::Sender<u32>>) -> Self {
        Self {
            slots: (0..places).map(|_| Mutex::default()).collect(),
            received: AtomicU32::new(0),
            settled: Default::default(),
            unsettled: AtomicU32::new(0),
            in_flight: AtomicU32::new(0),
            quiet: Notify::new(),
            result_stream,
            books: Mutex::default(),
        }
    }

    /// Gives a free place to a record, which waits from now on.
    pub fn admit(self: &Arc<Self>, place: u32, head: Arc<RecordRef>) -> Ticket {
        let slot = Slot::Open { head: Arc::clone(&head), stage: Stage::Waiting, attempts: 0 };
        let before = std::mem::replace(&mut *self.slot(place), slot);
        debug_assert!(matches!(before, Slot::Free), "a place is given once");
        self.received.fetch_add(1, Ordering::Relaxed);
        self.unsettled.fetch_add(1, Ordering::AcqRel);
        Ticket { ledger: Arc::clone(self), place, head, since: Instant::now() }
    }

    /// How many records have a place at most.
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Records that are not settled yet.
    pub fn unsettled(&self) -> u32 {
        self.unsettled.load(Ordering::Acquire)
    }

    /// Records that were started and are not settled yet.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Acquire)
    }

    /// How far the batch is.
    pub fn progress(&self) -> Progress {
        // Settled first: what is settled was received before.
        let by_outcome =
            OutcomeCounts::from_fn(|outcome| self.settled[outcome as usize].load(Ordering::Acquire));
        Progress { received: self.received.load(Ordering::Relaxed), by_outcome }
    }

    /// Waits until every record that was received is settled.
    pub async fn all_settled(&self) {
        self.until(|ledger| ledger.unsettled() == 0).await;
    }

    /// Waits until no record is in flight; ones that wait may be left.
    pub async fn nothing_in_flight(&self) {
        self.until(|ledger| ledger.in_flight() == 0).await;
    }

    async fn until(&self, reached: impl Fn(&Self) -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.quiet.notified());
            // Interest is registered before the look, so a change in between is not missed.
            changed.as_mut().enable();
            if reached(self) {
                return;
            }
            changed.await;
        }
    }

    /// Waits until nobody takes results any more. The results of a whole batch are nobody's to take.
    pub async fn consumer_gone(&self) {
        if let Some(result_stream) = &self.result_stream {
            result_stream.closed().await;
        }
    }

    /// Notes that a record that had been stored lost to a newer one of this batch that is committed. In a
    /// whole batch this is the one legal change of a settled outcome, and it shows when the ledger closes. A
    /// result of a stream may have gone out and stays as it is.
    pub fn supersede(&self, index: u32) {
        if self.result_stream.is_none() {
            self.books().superseded.push(index);
        }
    }

    /// Ends the batch: settles what is left with the cause, and lets every result go out. Answers what it
    /// settled and nobody else will write down.
    pub fn close(&self, cause: Completion) -> Vec<(Arc<RecordRef>, Settlement)> {
        let mut books = self.books();
        let mut left = Vec::new();
        for place in 0..self.slots.len() as u32 {
            left.extend(self.settle_left_over(place, cause));
        }
        for index in std::mem::take(&mut books.superseded) {
            if let Slot::Settled { settlement, .. } = &mut *self.slot(index)
                && settlement.outcome == Outcome::Stored
            {
                settlement.outcome = Outcome::Superseded;
            }
        }
        if !std::mem::replace(&mut books.closed, true) {
            for slot in &self.slots {
                if let Slot::Settled { head, settlement, .. } = &*lock(slot) {
                    books.account.add(head, settlement);
                }
            }
        }
        drop(books);
        for place in 0..self.slots.len() as u32 {
            self.release(place);
        }
        left
    }

    /// The sums over all records, once the ledger is closed.
    pub fn account(&self) -> (BatchCounts, IssueGroups) {
        std::mem::take(&mut self.books().account).into_parts()
    }

    /// The results of a whole batch, in index order, once the ledger is closed.
    pub fn results(&self) -> Vec<RecordResult> {
        let taken = self.slots.iter().filter_map(|slot| lock(slot).take());
        taken.map(RecordResult::new).collect()
    }

    /// Takes the results of these places, which are free then.
    fn take(&self, places: &[u32]) -> Vec<RecordResult> {
        let mut books = self.books();
        let mut results = Vec::with_capacity(places.len());
        for place in places {
            if let Some((head, settlement)) = self.slot(*place).take() {
                // Who is there when the ledger closes is counted by the closing.
                if !books.closed {
                    books.account.add(&head, &settlement);
                }
                results.push(RecordResult::new((head, settlement)));
            }
        }
        results
    }

    /// Settles a record that is open when the batch closes. What the store has is not answered: its writer
    /// learns what became of it and writes that down.
    fn settle_left_over(&self, place: u32, cause: Completion) -> Option<(Arc<RecordRef>, Settlement)> {
        let mut slot = self.slot(place);
        let (settlement, stage) = slot.left_over(cause)?;
        let outcome = settlement.outcome;
        slot.settle(settlement.clone());
        let Slot::Settled { head, .. } = &*slot else { return None };
        let left = (stage != Stage::Writing).then(|| (Arc::clone(head), settlement));
        drop(slot);
        self.count_settled(outcome);
        left
    }

    /// Settles a record unless somebody was faster. Answers whether this call settled it.
    fn settle(&self, place: u32, settlement: Settlement) -> bool {
        let outcome = settlement.outcome;
        let first = self.slot(place).settle(settlement);
        if first {
            self.count_settled(outcome);
        }
        first
    }

    fn count_settled(&self, outcome: Outcome) {
        self.settled[outcome as usize].fetch_add(1, Ordering::Release);
        if self.unsettled.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.quiet.notify_waiters();
        }
    }

    fn release(&self, place: u32) {
        let Some(result_stream) = &self.result_stream else { return };
        if self.slot(place).release() {
            // There is room: a place stands in the channel once at most. Nobody may be listening.
            let _ = result_stream.try_send(place);
        }
    }

    fn advance(&self, place: u32, from: Stage, to: Stage) -> bool {
        self.slot(place).advance(from, to)
    }

    fn attempt(&self, place: u32) {
        self.slot(place).attempt();
    }

    fn entered_flight(&self) {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
    }

    fn left_flight(&self) {
        if self.in_flight.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.quiet.notify_waiters();
        }
    }

    fn slot(&self, place: u32) -> MutexGuard<'_, Slot> {
        lock(&self.slots[place as usize])
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        lock(&self.books)
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

/// Locks; what is under these locks is whole after a panic too, for each change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
