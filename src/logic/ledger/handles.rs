//! The handles of a record on its way through the pipeline: first a ticket, then an attempt, last a receipt.

use std::sync::Arc;

use cleaning::outcome::Failure;
use tokio::time::Instant;

use super::{Ledger, record_ref::RecordRef, settlement::Settlement, slot::Stage};

/// The right to start a record. Dropping it leaves the record Waiting.
pub struct Ticket {
    pub(super) ledger: Arc<Ledger>,
    pub(super) slot: u32,
    pub(super) record: Arc<RecordRef>,
    pub(super) since: Instant,
}

impl Ticket {
    pub fn record(&self) -> &Arc<RecordRef> {
        &self.record
    }

    /// Since when the record waits.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// Measures the waiting time from now on.
    pub fn restart_wait_clock(&mut self) {
        self.since = Instant::now();
    }

    /// Starts the record; `None` once the batch is closed.
    pub fn begin(self) -> Option<Attempt> {
        let Self { ledger, slot, record, .. } = self;
        {
            let mut open = ledger.slot(slot);
            if !open.advance(Stage::Waiting, Stage::Started) {
                return None;
            }
            open.count_attempt();
        }
        ledger.counters.entered_flight();
        Some(Attempt { ledger, slot, record, number: 1, open: true })
    }

    /// Settles a record that never starts, such as one that the rules reject. `None` if the batch was closed
    /// before, and this did not count.
    pub fn settle(self, settlement: Settlement) -> Option<Receipt> {
        let Self { ledger, slot, .. } = self;
        ledger.settle(slot, settlement).then_some(Receipt { ledger, slot })
    }
}

/// A record that was started. It must be settled or left; dropping it settles FAILED / INTERNAL.
pub struct Attempt {
    ledger: Arc<Ledger>,
    slot: u32,
    record: Arc<RecordRef>,
    number: u32,
    open: bool,
}

impl Attempt {
    pub fn record(&self) -> &Arc<RecordRef> {
        &self.record
    }

    /// The attempt number, starting at 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Begins another attempt.
    pub fn again(&mut self) {
        self.number += 1;
        self.ledger.slot(self.slot).count_attempt();
    }

    /// Marks the record as with the store. `false` once the batch is closed: then it must not be written.
    pub fn start_writing(&self) -> bool {
        self.ledger.slot(self.slot).advance(Stage::Started, Stage::Writing)
    }

    /// Settles the record; `None` if the batch was closed before, and this did not count.
    pub fn settle(mut self, settlement: Settlement) -> Option<Receipt> {
        self.end(Some(settlement))
    }

    /// Leaves the record to the closing of the batch, which knows why it was cut off.
    pub fn leave(mut self) {
        self.end(None);
    }

    fn end(&mut self, settlement: Option<Settlement>) -> Option<Receipt> {
        self.open = false;
        // Settled first, so that a thread that sees nothing in flight sees the outcome too.
        let counted = settlement.is_some_and(|settlement| self.ledger.settle(self.slot, settlement));
        self.ledger.counters.left_flight();
        counted.then(|| Receipt { ledger: Arc::clone(&self.ledger), slot: self.slot })
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.open {
            self.end(Some(Settlement::failed(Failure::Internal, &[], self.number)));
        }
    }
}

/// A settled record whose result is held back. Dropping it lets the result go out and thereby frees the slot for
/// another record, so it is kept for as long as anything else of the record takes memory.
pub struct Receipt {
    ledger: Arc<Ledger>,
    slot: u32,
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.ledger.release(self.slot);
    }
}
