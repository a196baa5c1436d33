//! What an engine has to bring: connections, time limits, its statements, and the meaning of its errors.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{Database, Transaction};

use super::{
    BatchKey, FinishedBatch, ResultsPage, StoreError, StoredBatch, StoredResult,
    classify::Head,
    columns::{Key, OutcomeColumns, RejectColumns, Winner},
    rejects::{Reject, RejectsPage},
};

/// A connection of an engine.
pub(super) type Connection<E> = <<E as Engine>::Database as Database>::Connection;

/// One database engine. The statements run inside a transaction that the caller began and will commit;
/// none of them is one statement per row, and none is called with nothing to do.
#[async_trait]
pub(super) trait Engine: Sized + Send + Sync + 'static {
    /// The driver.
    type Database: Database;

    /// Most connections that write at the same time; more bring nothing.
    const WRITERS: u32;

    /// How many rows that are new are worth a statement of their own; fewer go the way of all others.
    const WORTH_INSERTING: usize;

    /// Whether rows may be written only while the time that such transactions take is left, because
    /// nothing interrupts its commit.
    const STARTS_ONLY_IN_TIME: bool;

    /// The same database for who only reads: connecting creates nothing.
    fn to_read(&self) -> Self;

    /// The same database for signs of life and for the row that is taken back, which must not end in memory.
    fn to_watch(&self) -> Self;

    /// Opens a connection.
    async fn connect(&self) -> sqlx::Result<Connection<Self>>;

    /// Brings the schema up to date, on a connection that is not used for anything else.
    async fn migrate(&self, connection: &mut Connection<Self>) -> Result<(), StoreError>;

    /// Has the database do something that it can only do when it works.
    async fn ping(connection: &mut Connection<Self>) -> sqlx::Result<()>;

    /// Begins a transaction that the engine itself ends after `limit`.
    async fn begin(
        connection: &mut Connection<Self>,
        limit: Duration,
    ) -> sqlx::Result<Transaction<'_, Self::Database>>;

    /// What an error means for the rows of the transaction. Says the engine's code of the error, never
    /// its text: that may quote values.
    fn fault(error: &sqlx::Error) -> StoreError;

    /// What is stored under the keys (sorted, distinct), each with the place of its key. Locks the rows
    /// in the order of their keys where other writers could change them. Identifiers that are stored
    /// encrypted are not read.
    async fn heads(
        connection: &mut Connection<Self>,
        batch_id: &str,
        keys: &[Key<'_>],
    ) -> sqlx::Result<Vec<(usize, Head<'static>)>>;

    /// Writes patients (sorted by key, distinct) that were not there when the heads were read. One that is there
    /// by now is a passing fault.
    async fn insert(
        connection: &mut Connection<Self>,
        batch_id: &str,
        patients: &[Winner<'_>],
    ) -> sqlx::Result<()>;

    /// Writes the patients (sorted by key, distinct), except where what is stored by now wins. Answers how many
    /// were written.
    async fn upsert(
        connection: &mut Connection<Self>,
        batch_id: &str,
        patients: &[Winner<'_>],
    ) -> sqlx::Result<u64>;

    /// Notes that a batch runs again. Removes the rejects of these records where an earlier outcome is one that
    /// [`Engine::record`] replaces.
    async fn reopen(connection: &mut Connection<Self>, batch_id: &str, indexes: &[u32]) -> sqlx::Result<()>;

    /// Writes outcomes (sorted by index) of records that have none, and makes sure that the batch has a row. One
    /// that is there all the same is a passing fault.
    async fn record_anew(
        connection: &mut Connection<Self>,
        batch_id: &str,
        outcomes: &[OutcomeColumns<'_>],
    ) -> sqlx::Result<()>;

    /// Writes the outcomes (sorted by index, as all writers lock them), and makes sure that the batch has a
    /// row. An earlier outcome of the same record stands if it is final: it is replaced only if it is FAILED or
    /// NOT_ATTEMPTED, or, by a final one, if it has no digest, for then nobody knows what it was about.
    async fn record(
        connection: &mut Connection<Self>,
        batch_id: &str,
        outcomes: &[OutcomeColumns<'_>],
    ) -> sqlx::Result<()>;

    /// Writes rejects, over earlier ones of the same records.
    async fn reject(
        connection: &mut Connection<Self>,
        batch_id: &str,
        rejects: &[RejectColumns<'_>],
    ) -> sqlx::Result<()>;

    /// Turns the outcomes of records that were stored before into SUPERSEDED.
    async fn supersede(connection: &mut Connection<Self>, batch_id: &str, losers: &[u32])
    -> sqlx::Result<()>;

    /// Completes the row of a batch, with these counts if its rows need not be counted. Answers how many rows were
    /// written: none if counts are given and the batch has been finished before.
    async fn finish_batch(
        connection: &mut Connection<Self>,
        batch: &FinishedBatch,
        by_outcome: Option<[u32; 8]>,
    ) -> sqlx::Result<u64>;

    /// How many rejects a batch has, if it is known. This and the next run outside of a transaction.
    async fn count_rejects(connection: &mut Connection<Self>, batch_id: &str) -> sqlx::Result<Option<u32>>;

    /// Rejects of a batch, in the order of their indexes.
    async fn read_rejects(
        connection: &mut Connection<Self>,
        page: &RejectsPage<'_>,
    ) -> sqlx::Result<Vec<Reject>>;

    /// What is known of a batch.
    async fn find_batch(
        connection: &mut Connection<Self>,
        batch_id: &str,
    ) -> sqlx::Result<Option<StoredBatch>>;

    /// How many records of a batch have which outcome; outcomes that none has may be left out.
    async fn count_outcomes(
        connection: &mut Connection<Self>,
        batch: BatchKey,
    ) -> sqlx::Result<Vec<(String, i64)>>;

    /// Outcomes of records, in the order of their indexes.
    async fn read_results(
        connection: &mut Connection<Self>,
        page: &ResultsPage<'_>,
    ) -> sqlx::Result<Vec<StoredResult>>;

    /// Deletes at most so many outcomes and rejects of the batch that was last used longest ago, if that was
    /// before a time, and its row when it has none left. Answers how many rows were deleted.
    async fn delete_expired(
        connection: &mut Connection<Self>,
        before: Timestamp,
        most: u32,
    ) -> sqlx::Result<u64>;
}
