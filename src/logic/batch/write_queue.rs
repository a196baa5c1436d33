//! The queue to the writer of a batch. It has room for every record that has a slot in the ledger, so handing a
//! record over never waits.

use std::sync::Arc;

use bytes::Bytes;
use cleaning::{change::Change, issue::Issue, phi::Phi};
use tokio::sync::mpsc;

use crate::{
    logic::ledger::{Attempt, Receipt, RecordRef, Settlement},
    model::{Content, Row},
};

/// The end of the queue at which records are handed over.
pub(crate) struct WriteQueue(mpsc::Sender<QueuedRow>);

/// One record on its way to the store.
pub(crate) struct QueuedRow {
    pub row: Row,
    pub handle: WriteHandle,
}

/// The handle of a record that is on its way to the store.
pub(crate) enum WriteHandle {
    /// A patient, settled by the store's answer.
    Patient(Attempt),
    /// An outcome, settled already. Its result is held back until the store has it.
    Outcome(Receipt),
}

impl WriteQueue {
    /// A queue for a ledger of `capacity` slots: each record is handed over once at most, as a patient or as an
    /// outcome.
    pub(crate) fn new(capacity: usize) -> (Self, mpsc::Receiver<QueuedRow>) {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        (Self(sender), receiver)
    }

    /// Hands a record over. A writer that has ended drops the record, which its batch has closed by then; a writer
    /// that has panicked drops it too, and dropping the attempt settles the record.
    pub(crate) fn hand_over(&self, row: Row, handle: WriteHandle) {
        let _ = self.0.try_send(QueuedRow { row, handle });
    }
}

/// The row of a record for the store.
pub(crate) fn row(
    record: &RecordRef,
    raw: Phi<Bytes>,
    issues: &Arc<[Issue]>,
    changes: Arc<[Change]>,
    attempts: u32,
    content: Content,
) -> Row {
    Row {
        index: record.index,
        record_id: Arc::clone(&record.id),
        hospital_code: Arc::clone(&record.stated_hospital_code),
        raw,
        issues: Arc::clone(issues),
        changes,
        attempts,
        retryable: false,
        digest: record.digest,
        content,
    }
}

/// The row of a settled record, with its raw record where that is kept.
pub(crate) fn settled_row(record: &RecordRef, raw: Phi<Bytes>, settlement: &Settlement) -> Row {
    let Settlement { outcome, issues, attempts, retryable } = settlement;
    let row = row(record, raw, issues, Arc::default(), *attempts, Content::Settled(*outcome));
    Row { retryable: *retryable, ..row }
}
