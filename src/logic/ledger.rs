//! The ledger of a batch: one slot per record, in which exactly one outcome ends up, on every path.
//!
//! A slot goes Waiting -> Started -> (Writing ->) Settled. A record that waits is held by a [`Ticket`];
//! dropping it does nothing. `Ticket::begin` gives an [`Attempt`]; dropping that settles the record as
//! FAILED / INTERNAL, so a panic anywhere costs one record and no more. Closing the ledger settles what is
//! left: Waiting as NOT_ATTEMPTED, Started as FAILED with the cause, Writing as FAILED with
//! STORE_OUTCOME_UNKNOWN. Whoever settles a slot first wins; later ones are ignored.
//!
//! The slots are the books; the counters beside them only say when to look again.

use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicU8, AtomicU32, Ordering},
};

use tokio::{sync::Notify, time::Instant};

use crate::domain::{
    issue::Issue,
    outcome::{Completion, Failure, Outcome},
};

/// The outcome slots of one batch.
pub struct Ledger {
    slots: Box<[Slot]>,
    /// Records that are not settled.
    unsettled: AtomicU32,
    /// Records that are Started or Writing.
    in_flight: AtomicU32,
    /// Records that were stored and then lost to another record of this batch.
    superseded: Mutex<Vec<u32>>,
    /// Told whenever `unsettled` or `in_flight` falls to zero.
    quiet: Notify,
}

struct Slot {
    stage: AtomicU8,
    settled: OnceLock<Settlement>,
}

const WAITING: u8 = 0;
const STARTED: u8 = 1;
const WRITING: u8 = 2;
/// Left over when the batch closed: nothing starts or is written any more.
const CLOSED: u8 = 3;

/// How a record ended.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// What became of it.
    pub outcome: Outcome,
    /// Everything found about it, errors first.
    pub issues: Arc<[Issue]>,
    /// Whether sending it again may end better.
    pub retryable: bool,
    /// How many times a worker took it up.
    pub attempts: u32,
}

impl Settlement {
    /// A record that ended as `outcome`, which is neither FAILED nor NOT_ATTEMPTED.
    pub fn ended(outcome: Outcome, issues: Arc<[Issue]>, attempts: u32) -> Self {
        Self { outcome, issues, retryable: false, attempts }
    }

    /// A record that failed. The failure comes first among its issues.
    pub fn failed(failure: Failure, warnings: &[Issue], attempts: u32) -> Self {
        let issues = std::iter::once(Issue::error(failure.kind(), "")).chain(warnings.iter().cloned());
        Self { outcome: Outcome::Failed, issues: issues.collect(), retryable: failure.retryable(), attempts }
    }

    fn not_attempted() -> Self {
        Self { outcome: Outcome::NotAttempted, issues: Arc::default(), retryable: true, attempts: 0 }
    }
}

impl Ledger {
    /// A ledger in which `records` records wait.
    pub fn new(records: u32) -> Arc<Self> {
        let slot = || Slot { stage: AtomicU8::new(WAITING), settled: OnceLock::new() };
        Arc::new(Self {
            slots: (0..records).map(|_| slot()).collect(),
            unsettled: AtomicU32::new(records),
            in_flight: AtomicU32::new(0),
            superseded: Mutex::default(),
            quiet: Notify::new(),
        })
    }

    /// The ticket of a record. The caller takes one per index.
    pub fn ticket(self: &Arc<Self>, index: u32) -> Ticket {
        Ticket { ledger: Arc::clone(self), index, since: Instant::now() }
    }

    /// Records that are not settled yet.
    pub fn unsettled(&self) -> u32 {
        self.unsettled.load(Ordering::Acquire)
    }

    /// Records that were started and are not settled yet.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Acquire)
    }

    /// Waits until every record is settled.
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

    /// Notes that a record of this batch that had been stored lost to a newer one that is committed. This
    /// is the one legal change of a settled outcome, and it shows when the ledger closes.
    pub fn supersede(&self, index: u32) {
        self.superseded.lock().unwrap_or_else(PoisonError::into_inner).push(index);
    }

    /// Ends the batch: settles what is left with the cause, and answers one settlement per record, in
    /// index order.
    pub fn close(&self, cause: Completion) -> Vec<Settlement> {
        for (slot, index) in self.slots.iter().zip(0..) {
            let stage = slot.stage.swap(CLOSED, Ordering::AcqRel);
            if slot.settled.get().is_some() {
                continue;
            }
            let left_over = match stage {
                WAITING => Settlement::not_attempted(),
                STARTED => Settlement::failed(cause_of_failure(cause), &[], 1),
                WRITING => Settlement::failed(Failure::StoreOutcomeUnknown, &[], 1),
                _ => continue,
            };
            self.settle(index, left_over);
        }
        let mut settlements: Vec<_> =
            self.slots.iter().filter_map(|slot| slot.settled.get().cloned()).collect();
        debug_assert_eq!(settlements.len(), self.slots.len(), "every slot is settled");
        for index in self.superseded.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let settlement = &mut settlements[*index as usize];
            if settlement.outcome == Outcome::Stored {
                settlement.outcome = Outcome::Superseded;
            }
        }
        settlements
    }

    /// Settles a slot unless somebody was faster. Answers whether this call settled it.
    fn settle(&self, index: u32, settlement: Settlement) -> bool {
        let first = self.slots[index as usize].settled.set(settlement).is_ok();
        if first && self.unsettled.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.quiet.notify_waiters();
        }
        first
    }

    fn advance(&self, index: u32, from: u8, to: u8) -> bool {
        self.slots[index as usize]
            .stage
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    fn left_flight(&self) {
        if self.in_flight.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.quiet.notify_waiters();
        }
    }
}

/// What a started record failed of when the batch ended. A batch that ends as complete has no started
/// record left, so one that is found then is a bug.
fn cause_of_failure(cause: Completion) -> Failure {
    match cause {
        Completion::Complete => Failure::Internal,
        Completion::Deadline => Failure::DeadlineExceeded,
        Completion::Cancelled => Failure::Cancelled,
        Completion::Drained => Failure::Drained,
    }
}

/// The right to start a record. Dropping it leaves the record Waiting.
pub struct Ticket {
    ledger: Arc<Ledger>,
    index: u32,
    since: Instant,
}

impl Ticket {
    /// The record's place in the batch.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Since when the record waits.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// Counts the waiting time from now.
    pub fn restamp(&mut self) {
        self.since = Instant::now();
    }

    /// Starts the record; `None` once the batch is closed.
    pub fn begin(self) -> Option<Attempt> {
        if !self.ledger.advance(self.index, WAITING, STARTED) {
            return None;
        }
        self.ledger.in_flight.fetch_add(1, Ordering::AcqRel);
        Some(Attempt { ledger: Arc::clone(&self.ledger), index: self.index, open: true })
    }

    /// Settles a record that never starts, such as one that the rules reject. Answers whether it counted:
    /// a closed batch takes nothing any more.
    pub fn settle(self, settlement: Settlement) -> bool {
        self.ledger.settle(self.index, settlement)
    }
}

/// A record that was started. It must be settled or left; dropping it settles FAILED / INTERNAL.
pub struct Attempt {
    ledger: Arc<Ledger>,
    index: u32,
    open: bool,
}

impl Attempt {
    /// The record's place in the batch.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Notes that the record goes to the store now. `false` once the batch is closed: then it must not.
    pub fn write(&self) -> bool {
        self.ledger.advance(self.index, STARTED, WRITING)
    }

    /// Settles the record; ignored if the batch was closed before. Answers whether it counted.
    pub fn settle(mut self, settlement: Settlement) -> bool {
        self.end(Some(settlement))
    }

    /// Leaves the record to the closing of the batch, which knows why it was cut off.
    pub fn leave(mut self) {
        self.end(None);
    }

    fn end(&mut self, settlement: Option<Settlement>) -> bool {
        self.open = false;
        // Settled first: whoever sees nothing in flight sees the outcome too.
        let counted = settlement.is_some_and(|settlement| self.ledger.settle(self.index, settlement));
        self.ledger.left_flight();
        counted
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.open {
            self.end(Some(Settlement::failed(Failure::Internal, &[], 1)));
        }
    }
}

#[cfg(test)]
mod tests;
