//! A batch while it runs: what its feeders, its workers and its writer share, and the ways in which one of
//! its records ends.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, Ordering},
};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    cleaning_stats::CleaningStats,
    cutoffs::Cutoffs,
    ledger::{Attempt, Ledger, Receipt, Settlement, Ticket},
    record_ref::RecordRef,
    reject_limit::RejectWatcher,
    timings::Timings,
    writer::{Entry, Pending, WriterHandle},
};
use crate::model::Content;
use cleaning::{
    change::Change,
    issue::{Issue, Severity},
    outcome::{Failure, Outcome},
    patient::Patient,
    phi::Phi,
};

/// A batch while it runs.
pub(super) struct BatchShared {
    pub ledger: Arc<Ledger>,
    pub timings: Arc<Timings>,
    pub tallies: CleaningStats,
    pub rejects: RejectWatcher,
    pub cutoffs: Cutoffs,
    /// The moment against which dates are judged.
    pub received_at: Timestamp,
    /// Set when every record of the batch has come in: only then it can be complete.
    pub all_received: OnceLock<Instant>,
    /// Cancelled when no further record may start.
    pub stopped: CancellationToken,
    /// Cancelled when running verifications must end.
    pub cut: CancellationToken,
    /// Where verified patients and settled outcomes go; none when the batch is only validated.
    pub writer: Option<WriterHandle>,
    /// Records that are settled, or about to be, and not yet with the writer.
    pub handing_over: AtomicU32,
}

/// A record that passed cleaning.
pub(super) struct CleanRecord {
    pub patient: Box<Patient>,
    pub raw: Phi<Bytes>,
    pub warnings: Vec<Issue>,
    /// What formatting changed.
    pub changes: Arc<[Change]>,
}

impl BatchShared {
    /// Notes that every record of the batch has come in.
    pub(super) fn end_of_records(&self) {
        // A batch ends once; a second end would change nothing.
        let _ = self.all_received.set(Instant::now());
    }

    /// A record whose outcome stands from an earlier sending of the batch: the store has it.
    pub(super) fn settle_as_before(&self, ticket: Ticket, earlier: Settlement) {
        if earlier.outcome == Outcome::Rejected {
            self.rejects.rejected();
        }
        // A batch that has closed meanwhile has told its caller otherwise, and the store still has it.
        let _ = ticket.settle(earlier);
    }

    /// A record that the rules reject before it started.
    pub(super) fn reject(&self, ticket: Ticket, raw: Phi<Bytes>, issues: Vec<Issue>) {
        let settlement = Settlement::ended(Outcome::Rejected, errors_first(issues), 0);
        self.end(Arc::clone(ticket.head()), settlement, raw, |settlement| ticket.settle(settlement));
    }

    /// A record that failed before it started.
    pub(super) fn fail_unstarted(&self, ticket: Ticket, failure: Failure, warnings: &[Issue]) {
        let settlement = Settlement::failed(failure, warnings, 0);
        let head = Arc::clone(ticket.head());
        self.end(head, settlement, Phi::default(), |settlement| ticket.settle(settlement));
    }

    /// A record that a dependency failed.
    pub(super) fn fail(&self, attempt: Attempt, failure: Failure, warnings: &[Issue]) {
        let settlement = Settlement::failed(failure, warnings, attempt.number());
        let head = Arc::clone(attempt.head());
        self.end(head, settlement, Phi::default(), |settlement| attempt.settle(settlement));
    }

    /// A record that nothing speaks against any more, unless its last issue does.
    pub(super) fn conclude(&self, attempt: Attempt, record: CleanRecord) {
        let head = Arc::clone(attempt.head());
        let issues = errors_first(record.warnings);
        if issues.first().is_some_and(|issue| issue.severity == Severity::Error) {
            let settlement = Settlement::ended(Outcome::Rejected, issues, attempt.number());
            return self.end(head, settlement, record.raw, |settlement| attempt.settle(settlement));
        }
        let Some(writer) = &self.writer else {
            let attempts = attempt.number();
            attempt.settle(Settlement::ended(Outcome::Valid, issues, attempts));
            return;
        };
        let content = Content::Patient(record.patient);
        let row = head.row(record.raw, &issues, record.changes, attempt.number(), content);
        writer.hand_over(Entry { row, record: Pending::Patient(attempt) });
    }

    /// Waits until every settled outcome is with the writer. Called when the ledger is closed: none can be
    /// added then, and those that are on their way take no longer than a few instructions.
    pub(super) async fn all_handed_over(&self) {
        while self.handing_over.load(Ordering::Acquire) > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Settles a record and has its outcome written down. The count keeps a batch whose last record this
    /// is from telling its writer the end between the two.
    fn end(
        &self,
        head: Arc<RecordRef>,
        settlement: Settlement,
        raw: Phi<Bytes>,
        settle: impl FnOnce(Settlement) -> Option<Receipt>,
    ) {
        let written = settlement.clone();
        if settlement.outcome == Outcome::Rejected {
            self.rejects.rejected();
        }
        self.handing_over.fetch_add(1, Ordering::AcqRel);
        if let Some(receipt) = settle(settlement)
            && let Some(writer) = &self.writer
        {
            let row = head.settled_row(raw, &written);
            writer.hand_over(Entry { row, record: Pending::Outcome(receipt) });
        }
        self.handing_over.fetch_sub(1, Ordering::AcqRel);
    }
}

fn errors_first(mut issues: Vec<Issue>) -> Arc<[Issue]> {
    issues.sort_by_key(|issue| issue.severity);
    issues.into()
}
