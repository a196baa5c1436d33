//! What is read back of a batch and of its records.

use cleaning::{
    issue::Issue,
    outcome::{Completion, Outcome, OutcomeCounts},
    resend_digest::ResendDigest,
};
use jiff::Timestamp;

/// Identifies a batch in the rows of its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchKey(pub(super) i64);

/// What is stored of a batch.
#[derive(Clone, Debug)]
pub struct StoredBatch {
    pub key: BatchKey,
    /// When it was first sent.
    pub started_at: Timestamp,
    /// When and how it last ended; none while it runs, and if its process died.
    pub ended: Option<(Timestamp, Completion)>,
    /// Its records by outcome when it ended. None while it runs: the counters of its last end may contradict its rows by
    /// now.
    pub by_outcome: Option<OutcomeCounts>,
}

/// Which results of a batch are read: the next ones in the order of their indexes.
pub struct ResultsPage<'a> {
    pub batch: BatchKey,
    /// The least index.
    pub from: u32,
    /// The greatest index.
    pub to: u32,
    /// The maximum number of results.
    pub limit: u32,
    /// Only records with one of these outcomes are read.
    pub outcomes: &'a [Outcome],
}

/// The stored result of a record.
pub struct StoredResult {
    /// Position in the batch.
    pub index: u32,
    /// The caller's id of the record.
    pub record_id: String,
    pub outcome: Outcome,
    /// Errors first.
    pub issues: Vec<Issue>,
    /// Whether sending the record again may end better.
    pub retryable: bool,
    pub attempts: u32,
    /// The digest of the record as it was sent, if the caller chose the batch's id.
    pub digest: Option<ResendDigest>,
}
