//! What the stages of one batch share, and the ways in which one of its records ends.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use cleaning::{
    change::Change,
    issue::{Issue, Severity, sort_errors_first},
    outcome::{Failure, Outcome},
    patient::Patient,
    phi::Phi,
};
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    cleaning_stats::CleaningStats,
    cutoffs::Cutoffs,
    reject_limit::RejectWatcher,
    timings::Timings,
    write_queue::{WriteHandle, WriteQueue, row, settled_row},
};
use crate::{
    logic::ledger::{Attempt, Ledger, Receipt, RecordRef, Settlement, Ticket},
    model::Content,
};

/// What the stages of one batch share.
pub(crate) struct BatchShared {
    pub id: Arc<str>,
    pub ledger: Arc<Ledger>,
    pub timings: Timings,
    pub cleaning_stats: CleaningStats,
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
    pub write_queue: Option<WriteQueue>,
    /// Has a token for every record between its settlement and the writer's queue.
    pub handing_over: TaskTracker,
}

/// A record that passed cleaning.
pub(crate) struct CleanRecord {
    pub patient: Box<Patient>,
    pub raw: Phi<Bytes>,
    pub warnings: Vec<Issue>,
    /// What formatting changed.
    pub changes: Arc<[Change]>,
}

impl BatchShared {
    /// Records that every record of the batch has come in.
    pub(crate) fn mark_all_received(&self) {
        // A batch ends once; a second end would change nothing.
        let _ = self.all_received.set(Instant::now());
    }

    /// Settles a record by the final outcome of a previous run: the store has that already.
    pub(crate) fn settle_as_before(&self, ticket: Ticket, previous: Settlement) {
        if previous.outcome == Outcome::Rejected {
            self.rejects.count_rejected();
        }
        // If the batch has closed meanwhile, its caller was told otherwise, and the store still has the outcome.
        let _ = ticket.settle(previous);
    }

    /// Settles a record that the rules reject before it started. `issues` has errors first.
    pub(crate) fn reject(&self, ticket: Ticket, raw: Phi<Bytes>, issues: Vec<Issue>) {
        let settlement = Settlement::ended(Outcome::Rejected, issues.into(), 0);
        self.end(Arc::clone(ticket.record()), settlement, raw, |settlement| ticket.settle(settlement));
    }

    /// Settles a record that failed before it started.
    pub(crate) fn fail_unstarted(&self, ticket: Ticket, failure: Failure, warnings: &[Issue]) {
        let settlement = Settlement::failed(failure, warnings, 0);
        let record = Arc::clone(ticket.record());
        self.end(record, settlement, Phi::default(), |settlement| ticket.settle(settlement));
    }

    /// Settles a started record that failed.
    pub(crate) fn fail(&self, attempt: Attempt, failure: Failure, warnings: &[Issue]) {
        let settlement = Settlement::failed(failure, warnings, attempt.number());
        let record = Arc::clone(attempt.record());
        self.end(record, settlement, Phi::default(), |settlement| attempt.settle(settlement));
    }

    /// Hands a record to the writer, or settles it if its last issue rejects it or nothing is to be stored.
    pub(crate) fn conclude(&self, attempt: Attempt, record: CleanRecord) {
        let CleanRecord { patient, raw, mut warnings, changes } = record;
        // The hospital's issue comes last and may be an error.
        sort_errors_first(&mut warnings);
        let (record, issues): (_, Arc<[Issue]>) = (Arc::clone(attempt.record()), warnings.into());
        if issues.first().is_some_and(|issue| issue.severity == Severity::Error) {
            let settlement = Settlement::ended(Outcome::Rejected, issues, attempt.number());
            return self.end(record, settlement, raw, |settlement| attempt.settle(settlement));
        }
        let attempts = attempt.number();
        let Some(queue) = &self.write_queue else {
            attempt.settle(Settlement::ended(Outcome::Valid, issues, attempts));
            return;
        };
        let row = row(&record, raw, &issues, changes, attempts, Content::Patient(patient));
        queue.hand_over(row, WriteHandle::Patient(attempt));
    }

    /// Waits until every settled outcome is in the writer's queue. Called when the ledger is closed, after which no
    /// record is settled any more.
    pub(crate) async fn all_handed_over(&self) {
        self.handing_over.close();
        self.handing_over.wait().await;
    }

    /// Settles a record and has its outcome written down. The token keeps a batch whose last record this is from
    /// telling its writer the end between the two.
    fn end(
        &self,
        record: Arc<RecordRef>,
        settlement: Settlement,
        raw: Phi<Bytes>,
        settle: impl FnOnce(Settlement) -> Option<Receipt>,
    ) {
        let written = settlement.clone();
        if settlement.outcome == Outcome::Rejected {
            self.rejects.count_rejected();
        }
        let _handing_over = self.handing_over.token();
        if let Some(receipt) = settle(settlement)
            && let Some(queue) = &self.write_queue
        {
            queue.hand_over(settled_row(&record, raw, &written), WriteHandle::Outcome(receipt));
        }
    }
}
