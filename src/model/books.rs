//! Reading the books: what is known of a batch, and what became of its records.

use jiff::Timestamp;

use cleaning::{
    issue::Issue,
    outcome::{Completion, Outcome},
    resend_digest::ResendDigest,
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
    /// How its records had ended then, in the order of [`Outcome::ALL`].
    pub by_outcome: Option<[u32; 8]>,
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
    pub digest: Option<ResendDigest>,
}

impl StoredBatch {
    /// From the columns of its row, the counters in the order of [`Outcome::ALL`]. A batch that runs again has those of
    /// its last end, which its rows may contradict by now.
    pub(super) fn from_columns(
        key: i64,
        started_at: Timestamp,
        finished_at: Option<Timestamp>,
        completion: Option<&str>,
        counters: [Option<i64>; 8],
    ) -> Self {
        let ended = finished_at.zip(completion.and_then(Completion::from_name));
        let known = ended.is_some() && counters.iter().all(Option::is_some);
        let by_outcome = known.then(|| counters.map(|count| count.unwrap_or_default() as u32));
        Self { key: BatchKey(key), started_at, ended, by_outcome }
    }
}

/// The outcome of a column. One that this version does not know cannot be answered.
pub(super) fn outcome_from_column(name: &str) -> sqlx::Result<Outcome> {
    Outcome::from_name(name).ok_or_else(|| sqlx::Error::Decode("an outcome of another version".into()))
}
