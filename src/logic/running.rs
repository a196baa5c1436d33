//! A batch while it runs: what its feeders, its workers and its writer share, and the ways in which one of
//! its records ends.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{
    cutoffs::Cutoffs,
    intake::Head,
    ledger::{Attempt, Ledger, Settlement, Ticket},
    timings::Timings,
    writer::{Entry, WriterHandle},
};
use crate::{
    domain::{
        issue::{Issue, Severity},
        outcome::{Failure, Outcome},
        patient::Patient,
    },
    model::{Content, Row},
};

/// A batch while it runs.
pub(super) struct RunningBatch {
    pub ledger: Arc<Ledger>,
    pub heads: Arc<[Head]>,
    pub timings: Arc<Timings>,
    pub cutoffs: Cutoffs,
    /// The moment against which dates are judged.
    pub received_at: Timestamp,
    /// Cancelled when no further record may start.
    pub stopped: CancellationToken,
    /// Cancelled when running verifications must end.
    pub cut: CancellationToken,
    /// Where verified patients and settled outcomes go; none when the batch is only validated.
    pub writer: Option<WriterHandle>,
}

/// A record that passed cleaning.
pub(super) struct CleanRecord {
    pub patient: Box<Patient>,
    pub raw: Bytes,
    pub warnings: Vec<Issue>,
}

impl RunningBatch {
    /// A record that the rules reject before it started.
    pub fn reject(&self, ticket: Ticket, raw: Bytes, issues: Vec<Issue>) {
        let (index, issues) = (ticket.index(), errors_first(issues));
        if ticket.settle(Settlement::ended(Outcome::Rejected, Arc::clone(&issues), 0)) {
            self.write_down(index, Outcome::Rejected, raw, issues, 0);
        }
    }

    /// A record that a bug struck before it started.
    pub fn fail_unstarted(&self, ticket: Ticket) {
        let (index, settlement) = (ticket.index(), Settlement::failed(Failure::Internal, &[], 0));
        let issues = Arc::clone(&settlement.issues);
        if ticket.settle(settlement) {
            self.write_down(index, Outcome::Failed, Bytes::new(), issues, 0);
        }
    }

    /// A record that a dependency failed.
    pub fn fail(&self, attempt: Attempt, failure: Failure, warnings: &[Issue]) {
        let (index, settlement) = (attempt.index(), Settlement::failed(failure, warnings, 1));
        let issues = Arc::clone(&settlement.issues);
        if attempt.settle(settlement) {
            self.write_down(index, Outcome::Failed, Bytes::new(), issues, 1);
        }
    }

    /// A record that nothing speaks against any more, unless its last issue does.
    pub fn conclude(&self, attempt: Attempt, record: CleanRecord) {
        let index = attempt.index();
        let issues = errors_first(record.warnings);
        if issues.first().is_some_and(|issue| issue.severity == Severity::Error) {
            if attempt.settle(Settlement::ended(Outcome::Rejected, Arc::clone(&issues), 1)) {
                self.write_down(index, Outcome::Rejected, record.raw, issues, 1);
            }
            return;
        }
        let Some(writer) = &self.writer else {
            attempt.settle(Settlement::ended(Outcome::Valid, issues, 1));
            return;
        };
        let content = Content::Patient(record.patient);
        let row = self.row(index, record.raw, issues, 1, content);
        writer.hand_over(Entry { row, attempt: Some(attempt) });
    }

    fn write_down(&self, index: u32, outcome: Outcome, raw: Bytes, issues: Arc<[Issue]>, attempts: u32) {
        if let Some(writer) = &self.writer {
            let row = self.row(index, raw, issues, attempts, Content::Settled(outcome));
            writer.hand_over(Entry { row, attempt: None });
        }
    }

    fn row(&self, index: u32, raw: Bytes, issues: Arc<[Issue]>, attempts: u32, content: Content) -> Row {
        let head = &self.heads[index as usize];
        Row {
            index,
            record_id: Arc::clone(&head.stored_id),
            hospital_code: Arc::clone(&head.stored_hospital_code),
            raw,
            issues,
            attempts,
            content,
        }
    }
}

fn errors_first(mut issues: Vec<Issue>) -> Arc<[Issue]> {
    issues.sort_by_key(|issue| issue.severity);
    issues.into()
}
