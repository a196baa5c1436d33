//! The store: canonical patients, batches, outcomes of records, and rejects, in SQLite or PostgreSQL
//! behind one trait. The only place that sees `sqlx`.
//!
//! A chunk of rows is one transaction: read what is there by key, classify, upsert the rest with a guard,
//! and write the rows' outcomes. A chunk that fails on data is bisected to the bad row; one that fails on
//! a passing fault is tried again within its deadline.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::Instant;

use cleaning::{
    change::Change,
    issue::Issue,
    outcome::{Completion, Outcome},
    patient::Patient,
    phi::Phi,
    resend_digest::ResendDigest,
    rules,
};

mod backoff;
mod books;
mod breaker;
mod classify;
mod columns;
mod config;
mod connect;
mod connections;
mod engine;
mod entry;
mod findings;
mod flush_time;
mod identity;
mod migration;
mod outage;
mod postgres;
mod probe;
mod sql_store;
mod sqlite;
mod standing;
mod transaction;
mod writing;

pub mod rejects;

pub use books::{BatchKey, ResultsPage, StoredBatch, StoredResult};
pub use config::{StoreConfig, StoreUrl};
pub use connect::open;
pub use identity::Overwritten;
pub use outage::{Outage, OutageKind};
use rejects::{Reject, RejectsPage};

/// One engine's store. Statements are never dropped half way: the tasks that call these are owned by the
/// process, and every statement is bounded by the engine itself.
#[async_trait]
pub trait Store: Send + Sync {
    /// Brings the schema up to date.
    async fn migrate(&self) -> Result<(), StoreError>;

    /// Writes a chunk in as few transactions as its data allows, done or given up before `until`; only the
    /// answer to a commit that was sent in time is waited for up to 250 ms longer. Answers one result per
    /// row, in the order of the rows; never fails as a whole.
    async fn write(&self, chunk: &Chunk, until: Instant) -> Vec<Written>;

    /// Writes the final row of a batch: why it ended, and its counters, which are those of its outcomes.
    async fn finish_batch(&self, batch: &FinishedBatch, until: Instant) -> Result<(), StoreError>;

    /// How many rejects a batch has; `None` if the store knows no such batch. Creates nothing: a store
    /// that is not there yet is not available.
    async fn count_rejects(&self, batch_id: &str) -> Result<Option<u32>, StoreError>;

    /// Reads rejects of a batch, in the order of their indexes.
    async fn read_rejects(&self, page: &RejectsPage<'_>) -> Result<Vec<Reject>, StoreError>;

    /// What is known of a batch. This and the next two read; they see every chunk that is written, and wait for
    /// nobody who writes. A store that does not answer is asked again until then.
    async fn find_batch(&self, batch_id: &str, until: Instant) -> Result<Option<StoredBatch>, StoreError>;

    /// How many records of a batch ended as each outcome, in the order of [`Outcome::ALL`].
    async fn count_outcomes(&self, batch: BatchKey, until: Instant) -> Result<[u32; 8], StoreError>;

    /// What became of records of a batch, in the order of their indexes.
    async fn read_results(
        &self,
        page: &ResultsPage<'_>,
        until: Instant,
    ) -> Result<Vec<StoredResult>, StoreError>;

    /// Deletes some of what is known of batches that ended before a time (or began before it, if they never
    /// ended): about `most` rows, in one short transaction. Answers how many; 0 when none is left.
    async fn delete_expired(&self, before: Timestamp, most: u32, until: Instant) -> Result<u64, StoreError>;

    /// Asks the store for a sign of life on a connection of its own. Once writing has failed for a reason that
    /// is the store's, it is asked on a new connection whether it takes a row.
    async fn ping(&self) -> Result<(), StoreError>;

    /// How many chunks it writes at a time, at least 1.
    fn writers(&self) -> usize;

    /// How long a transaction of a whole chunk takes at worst (99th percentile of the last ones).
    fn flush_time(&self) -> Duration;

    /// Closes all connections.
    async fn close(&self);
}

/// Rows of one batch that are written together.
pub struct Chunk {
    /// The batch.
    pub batch_id: Arc<str>,
    /// Whether the batch was known when it was sent this time: outcomes may be there that these rows replace.
    pub resumes: bool,
    /// Its rows, in no particular order; an index occurs once.
    pub rows: Vec<Row>,
}

/// One record on its way into the store.
pub struct Row {
    /// Place in the batch.
    pub index: u32,
    /// The caller's id of the record.
    pub record_id: Arc<str>,
    /// The hospital as the caller wrote it.
    pub hospital_code: Arc<str>,
    /// What the hospital sent.
    pub raw: Phi<Bytes>,
    /// What was found about the record.
    pub issues: Arc<[Issue]>,
    /// What formatting changed; written with a patient only.
    pub changes: Arc<[Change]>,
    /// How many times it was attempted.
    pub attempts: u32,
    /// Whether sending it again may end better, if it is settled.
    pub retryable: bool,
    /// The digest of the record, if its batch may be sent again.
    pub digest: Option<ResendDigest>,
    /// What is to be written.
    pub content: Content,
}

/// What a row writes.
pub enum Content {
    /// A patient, and the outcome that comes of it.
    Patient(Box<Patient>),
    /// Only the outcome, which is settled already; a REJECTED one also writes a reject with the raw
    /// record and its issues.
    Settled(Outcome),
}

/// What became of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The patient was inserted or changed, and committed.
    Stored {
        /// Index of a record of the same batch that had been stored before and lost to this one.
        replaced: Option<u32>,
        /// What the batch has overwritten of the identity of a patient that was known before.
        overwritten: Overwritten,
    },
    /// The same content was there already.
    Unchanged,
    /// A newer record of the patient is stored.
    Stale,
    /// Another record of the batch is the same patient, wins, and is committed.
    Superseded,
    /// The settled outcome was written down.
    Recorded,
    /// The store refuses the data of this row.
    Refused,
    /// The store could not be reached, or had no time left: nothing of the row was written.
    Unavailable,
    /// The transaction was sent and its answer never came.
    Unknown,
}

impl Written {
    /// What the store has found about the record. It is written down with the record's own issues, which
    /// leaves telling the caller.
    pub fn issues(self) -> impl Iterator<Item = Issue> {
        let (overwritten, stale) = match self {
            Self::Stored { overwritten, .. } => (overwritten, None),
            Self::Stale => (Overwritten::NOTHING, Some(rules::RECORD_OLDER_THAN_STORED.issue(None))),
            _ => (Overwritten::NOTHING, None),
        };
        overwritten.issues().chain(stale)
    }
}

/// The final row of a batch.
pub struct FinishedBatch {
    /// The batch.
    pub batch_id: Arc<str>,
    /// Why it ended.
    pub completion: Completion,
    /// How its records ended, in the order of [`Outcome::ALL`], where that is surely what its rows say. Without it
    /// they are counted, which takes a second or so for each million.
    pub by_outcome: Option<[u32; 8]>,
    /// Warnings over all records.
    pub warnings: u32,
    /// From the arrival of the headers to the answer.
    pub elapsed: Duration,
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data of at least one row is refused; the same rows would be refused again.
    #[error("the store refuses the data ({0})")]
    Data(String),
    /// A fault that passes: deadlock, serialization failure, lock timeout. Nothing was written.
    #[error("the store is busy ({0})")]
    Transient(String),
    /// The store cannot be reached or does not work. Nothing was written.
    #[error("the store is not available ({0})")]
    Unavailable(Outage),
    /// The store has not worked for a while, and it is not this one's turn to try. Nothing was written.
    #[error("the store has not worked for a while and was not tried")]
    NotTried,
    /// The commit was sent and its answer never came.
    #[error("the store did not answer a commit ({0})")]
    OutcomeUnknown(Outage),
    /// The configuration of the store cannot work.
    #[error("{0}")]
    Configuration(String),
}
