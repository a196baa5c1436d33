//! Reading the books: what is known of a batch, and what became of its records.

use jiff::Timestamp;

use crate::domain::{
    digest::Digest,
    issue::Issue,
    outcome::{Completion, Outcome},
};

/// What stands for a batch in the rows of its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchKey(pub(super) i64);

/// What is known of a batch.
#[derive(Clone, Debug)]
pub struct StoredBatch {
    /// What stands for it.
    pub key: BatchKey,
    /// When it was sent first.
    pub started_at: Timestamp,
    /// When and as what it ended the last time; none while it runs, and if its process died.
    pub ended: Option<(Timestamp, Completion)>,
}

/// Which outcomes of a batch are read: the next ones in the order of their indexes.
pub struct ResultsPage<'a> {
    /// The batch.
    pub batch: BatchKey,
    /// The least index.
    pub from: u32,
    /// The greatest index.
    pub to: u32,
    /// Most outcomes of the page.
    pub limit: u32,
    /// Which outcomes are read.
    pub outcomes: &'a [Outcome],
}

/// What became of a record, as it was written down.
pub struct StoredResult {
    /// Place in the batch.
    pub index: u32,
    /// The caller's id of the record.
    pub record_id: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What was found about it, errors first.
    pub issues: Vec<Issue>,
    /// Whether sending it again may end better.
    pub retryable: bool,
    /// How many times it was attempted.
    pub attempts: u32,
    /// The digest of the record as it was sent, if the caller gave the batch its id.
    pub digest: Option<Digest>,
}

/// The outcome of a column. One that this version does not know cannot be answered.
pub(super) fn outcome_from_column(name: &str) -> sqlx::Result<Outcome> {
    Outcome::from_name(name).ok_or_else(|| sqlx::Error::Decode("an outcome of another version".into()))
}
