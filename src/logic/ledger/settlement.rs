//! How a record ended, in the ledger and for the caller.

use std::sync::Arc;

use super::record_ref::RecordRef;
use cleaning::{
    issue::Issue,
    outcome::{Failure, Outcome},
};

/// How a record ended.
#[derive(Clone, Debug)]
pub struct Settlement {
    pub outcome: Outcome,
    /// Everything found about it, errors first.
    pub issues: Arc<[Issue]>,
    /// Whether sending it again may end better.
    pub retryable: bool,
    /// How many attempts were made; 0 if the record never started.
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

    pub(super) fn not_attempted() -> Self {
        Self { outcome: Outcome::NotAttempted, issues: Arc::default(), retryable: true, attempts: 0 }
    }
}

/// What became of one record, for the caller.
pub struct RecordResult {
    /// Position in the batch, starting at 0.
    pub index: u32,
    /// The caller's id of the record.
    pub id: Arc<str>,
    pub settlement: Settlement,
}

impl RecordResult {
    pub(super) fn new(record: &RecordRef, settlement: Settlement) -> Self {
        Self { index: record.index, id: Arc::clone(&record.id), settlement }
    }
}
