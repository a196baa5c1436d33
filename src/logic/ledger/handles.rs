//! What holds a record on its way through the pipeline: first a ticket, then an attempt, last a receipt.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Ledger, Settlement, slot::Stage};
use crate::logic::record_ref::RecordRef;
use cleaning::outcome::Failure;

/// The right to start a record. Dropping it leaves the record Waiting.
pub struct Ticket {
    pub(super) ledger: Arc<Ledger>,
    pub(super) place: u32,
    pub(super) head: Arc<RecordRef>,
    pub(super) since: Instant,
}

impl Ticket {
    /// Who the record is.
    pub fn head(&self) -> &Arc<RecordRef> {
        &self.head
    }

    /// Since when the record waits.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// Counts the waiting time from now.
    pub fn restart_wait_clock(&mut self) {
        self.since = Instant::now();
    }

    /// Starts the record; `None` once the batch is closed.
    pub fn begin(self) -> Option<Attempt> {
        let Self { ledger, place, head, .. } = self;
        if !ledger.advance(place, Stage::Waiting, Stage::Started) {
            return None;
        }
        ledger.attempt(place);
        ledger.entered_flight();
        Some(Attempt { ledger, place, head, number: 1, open: true })
    }

    /// Settles a record that never starts, such as one that the rules reject. `None` if that did not count:
    /// a closed batch takes nothing any more.
    pub fn settle(self, settlement: Settlement) -> Option<Receipt> {
        let Self { ledger, place, .. } = self;
        ledger.settle(place, settlement).then_some(Receipt { ledger, place })
    }
}

/// A record that was started. It must be settled or left; dropping it settles FAILED / INTERNAL.
pub struct Attempt {
    ledger: Arc<Ledger>,
    place: u32,
    head: Arc<RecordRef>,
    number: u32,
    open: bool,
}

impl Attempt {
    /// Who the record is.
    pub fn head(&self) -> &Arc<RecordRef> {
        &self.head
    }

    /// The how-manieth attempt it is, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Takes the record up once more.
    pub fn again(&mut self) {
        self.number += 1;
        self.ledger.attempt(self.place);
    }

    /// Notes that the record goes to the store now. `false` once the batch is closed: then it must not.
    pub fn write(&self) -> bool {
        self.ledger.advance(self.place, Stage::Started, Stage::Writing)
    }

    /// Settles the record; `None` if the batch was closed before, and it did not count.
    pub fn settle(mut self, settlement: Settlement) -> Option<Receipt> {
        self.end(Some(settlement))
    }

    /// Leaves the record to the closing of the batch, which knows why it was cut off.
    pub fn leave(mut self) {
        self.end(None);
    }

    fn end(&mut self, settlement: Option<Settlement>) -> Option<Receipt> {
        self.open = false;
        // Settled first: whoever sees nothing in flight sees the outcome too.
        let counted = settlement.is_some_and(|settlement| self.ledger.settle(self.place, settlement));
        self.ledger.left_flight();
        counted.then(|| Receipt { ledger: Arc::clone(&self.ledger), place: self.place })
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.open {
            self.end(Some(Settlement::failed(Failure::Internal, &[], self.number)));
        }
    }
}

/// A record that is settled and whose result is held back. Dropping it lets the result go out, and thereby
/// its place be free for another record: so it is kept for as long as anything else of the record takes memory.
pub struct Receipt {
    ledger: Arc<Ledger>,
    place: u32,
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.ledger.release(self.place);
    }
}
