//! The store: canonical patients, batches, outcomes of records, and rejects, in SQLite or PostgreSQL behind one
//! trait. The only module of the service that uses `sqlx`.
//!
//! ```text
//! Store::write(chunk)
//!   sql/chunk_write   retries, and bisects a chunk down to the row whose data is refused
//!   sql/transact      one transaction on a pooled connection, within its time limit
//!   sql/transaction   reads what is stored, classifies, writes patients, outcomes and rejects
//!   sql/table         the columns of each table, named once
//!   sqlite, postgres  connections, statements, and what the engine's errors mean
//! ```

use std::time::Duration;

use async_trait::async_trait;
use cleaning::outcome::OutcomeCounts;
use jiff::Timestamp;
use tokio::time::Instant;

mod chunk;
mod config;
mod error;
mod open;
mod outage;
mod postgres;
mod sql;
mod sqlite;
mod store_url;
mod stored_batch;
mod written;

pub mod rejects;

pub use chunk::{Chunk, Content, FinishedBatch, Row};
pub use config::StoreConfig;
pub use error::StoreError;
pub use open::open;
pub use outage::{Outage, OutageKind};
use rejects::{Reject, RejectsPage};
pub use sql::Overwritten;
pub use store_url::StoreUrl;
pub use stored_batch::{BatchKey, ResultsPage, StoredBatch, StoredResult};
pub use written::Written;

/// One engine's store. Callers never drop a call half way: the process owns the tasks that make them, and the engine
/// itself ends every statement that takes too long.
#[async_trait]
pub trait Store: Send + Sync {
    /// Brings the schema up to date.
    async fn migrate(&self) -> Result<(), StoreError>;

    /// Writes a chunk in as few transactions as its data allows, and gives up at `until`; only the answer to a
    /// commit that was sent in time is awaited for up to 250 ms more. Returns one result per row, in the order of the
    /// rows; never fails as a whole.
    async fn write(&self, chunk: &Chunk, until: Instant) -> Vec<Written>;

    /// Writes the final row of a batch: why it ended, and its counters, which are those of its outcomes.
    async fn finish_batch(&self, batch: &FinishedBatch, until: Instant) -> Result<(), StoreError>;

    /// The number of rejects of a batch; `None` if the store does not know the batch. Never creates a database.
    async fn count_rejects(&self, batch_id: &str) -> Result<Option<u32>, StoreError>;

    /// Rejects of a batch, in the order of their indexes.
    async fn read_rejects(&self, page: &RejectsPage<'_>) -> Result<Vec<Reject>, StoreError>;

    /// What is stored of a batch: it covers every committed chunk, and does not wait for writers. While the store
    /// cannot be reached, the read is retried until the deadline.
    async fn find_batch(&self, batch_id: &str, until: Instant) -> Result<Option<StoredBatch>, StoreError>;

    /// The number of a batch's records by outcome. Retried as [`Store::find_batch`] is.
    async fn count_outcomes(&self, batch: BatchKey, until: Instant) -> Result<OutcomeCounts, StoreError>;

    /// Results of a batch's records, in the order of their indexes. Retried as [`Store::find_batch`] is.
    async fn read_results(
        &self,
        page: &ResultsPage<'_>,
        until: Instant,
    ) -> Result<Vec<StoredResult>, StoreError>;

    /// Deletes part of what is stored of batches that ended before a time (or began before it, if they never ended):
    /// about `max_rows` rows, in one short transaction. Returns how many; 0 when none is left.
    async fn delete_expired(
        &self,
        before: Timestamp,
        max_rows: u32,
        until: Instant,
    ) -> Result<u64, StoreError>;

    /// Checks that the store works, on a connection of its own. After a write that failed because of the store, the
    /// check also writes a row, on a new connection, and rolls it back.
    async fn ping(&self) -> Result<(), StoreError>;

    /// The number of chunks that are written concurrently, at least 1.
    fn writers(&self) -> usize;

    /// How long the transaction of a whole chunk takes (99th percentile of the last ones).
    fn flush_time(&self) -> Duration;

    /// Closes all connections.
    async fn close(&self);
}
