//! SQLite in one file: WAL, every commit synced, one writer.

use std::{
    path::Path,
    str::FromStr,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{
    ConnectOptions, Connection as _, Executor, SqliteConnection, Transaction,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{
    BatchKey, FinishedBatch, ResultsPage, StoreError, StoreUrl, StoredBatch, StoredResult,
    classify::Head,
    columns::{Key, OutcomeColumns, RejectColumns, Winner},
    engine::Engine,
    migration,
    rejects::{Reject, RejectsPage},
};

mod books;
mod fault;
mod inserts;
mod rejects;
mod statements;

static MIGRATIONS: Migrator = sqlx::migrate!("src/model/migrations/sqlite");

/// Earlier ones can corrupt a WAL database that several connections write
/// (<https://www.sqlite.org/wal.html#walresetbug>).
const OLDEST_VERSION: (u32, u32, u32) = (3, 51, 3);

/// How long a statement waits for another process's lock before the transaction is tried again. It blocks
/// the connection's thread, so it is short.
const BUSY_LIMIT: Duration = Duration::from_millis(250);

/// Pages of 4 KiB that the log of writes gathers before they are brought into the file: a page that is written
/// often is brought there once, and the file is synced as seldom.
const PAGES_PER_CHECKPOINT: &str = "4000";

/// Steps of SQLite's virtual machine between two looks at the clock: about 50 microseconds.
const STEPS_PER_LOOK: i32 = 5_000;

/// SQLite in a file.
pub(super) struct Sqlite {
    options: SqliteConnectOptions,
    /// Whether a file that is not there is created, with its directory.
    creates: bool,
}

impl Sqlite {
    pub(super) fn new(url: &StoreUrl) -> Result<Self, StoreError> {
        let wrong = |what: &str| StoreError::Configuration(format!("store.url {what}: {url}"));
        let options = SqliteConnectOptions::from_str(url.reveal())
            .map_err(|_| wrong("is not an SQLite URL"))?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_LIMIT)
            .pragma("wal_autocheckpoint", PAGES_PER_CHECKPOINT)
            // The heads come a row per patient: their thread must not wait for each to be fetched.
            .row_buffer_size(512)
            .disable_statement_logging();
        let file = options.get_filename();
        if file.as_os_str().is_empty() || is_in_memory(file) {
            return Err(wrong("must name a file"));
        }
        Ok(Self { options, creates: true })
    }
}

/// The driver gives databases in memory a name of their own. None would survive its connection.
fn is_in_memory(file: &Path) -> bool {
    file.to_string_lossy().starts_with("file:")
}

#[async_trait]
impl Engine for Sqlite {
    type Database = sqlx::Sqlite;

    const WRITERS: u32 = 1;
    const WORTH_INSERTING: usize = 1;

    const STARTS_ONLY_IN_TIME: bool = true;

    fn to_read(&self) -> Self {
        Self { options: self.options.clone(), creates: false }
    }

    /// With hardly any memory for pages, so that they are written before the transaction ends.
    fn to_watch(&self) -> Self {
        Self { options: self.options.clone().pragma("cache_size", "10"), creates: self.creates }
    }

    async fn connect(&self) -> sqlx::Result<SqliteConnection> {
        if self.creates
            && let Some(directory) = self.options.get_filename().parent()
        {
            tokio::fs::create_dir_all(directory).await?;
        }
        self.options.clone().create_if_missing(self.creates).connect().await
    }

    /// In one transaction that holds the write lock: the migrator itself does not keep two processes apart.
    async fn migrate(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        refuse_old_version(connection).await?;
        connection.execute("PRAGMA busy_timeout = 10000").await.map_err(|error| Self::fault(&error))?;
        let mut transaction =
            connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| Self::fault(&error))?;
        MIGRATIONS
            .run_direct(None, &mut *transaction, false)
            .await
            .map_err(|error| migration::fault::<Self>(&error))?;
        transaction.commit().await.map_err(|error| Self::fault(&error))
    }

    /// Reads from the file: a constant would be answered without it.
    async fn ping(connection: &mut SqliteConnection) -> sqlx::Result<()> {
        connection.execute("SELECT count(*) FROM sqlite_schema").await.map(drop)
    }

    /// Takes the write lock at once: a transaction that reads first could find it taken when it writes,
    /// and waiting would not help.
    async fn begin(
        connection: &mut SqliteConnection,
        limit: Duration,
    ) -> sqlx::Result<Transaction<'_, sqlx::Sqlite>> {
        let end = Instant::now() + limit;
        connection.lock_handle().await?.set_progress_handler(STEPS_PER_LOOK, move || Instant::now() < end);
        connection.begin_with("BEGIN IMMEDIATE").await
    }

    fn fault(error: &sqlx::Error) -> StoreError {
        fault::fault(error)
    }

    async fn heads(
        connection: &mut SqliteConnection,
        batch_id: &str,
        keys: &[Key<'_>],
    ) -> sqlx::Result<Vec<(usize, Head<'static>)>> {
        statements::heads(connection, batch_id, keys).await
    }

    async fn insert(
        connection: &mut SqliteConnection,
        batch_id: &str,
        patients: &[Winner<'_>],
    ) -> sqlx::Result<()> {
        statements::insert(connection, batch_id, patients).await
    }

    async fn upsert(
        connection: &mut SqliteConnection,
        batch_id: &str,
        patients: &[Winner<'_>],
    ) -> sqlx::Result<u64> {
        statements::upsert(connection, batch_id, patients).await
    }

    async fn reopen(connection: &mut SqliteConnection, batch_id: &str, indexes: &[u32]) -> sqlx::Result<()> {
        statements::reopen(connection, batch_id, indexes).await
    }

    async fn record_anew(
        connection: &mut SqliteConnection,
        batch_id: &str,
        outcomes: &[OutcomeColumns<'_>],
    ) -> sqlx::Result<()> {
        statements::record_anew(connection, batch_id, outcomes).await
    }

    async fn record(
        connection: &mut SqliteConnection,
        batch_id: &str,
        outcomes: &[OutcomeColumns<'_>],
    ) -> sqlx::Result<()> {
        statements::record(connection, batch_id, outcomes).await
    }

    async fn reject(
        connection: &mut SqliteConnection,
        batch_id: &str,
        rejects: &[RejectColumns<'_>],
    ) -> sqlx::Result<()> {
        statements::reject(connection, batch_id, rejects).await
    }

    async fn supersede(
        connection: &mut SqliteConnection,
        batch_id: &str,
        losers: &[u32],
    ) -> sqlx::Result<()> {
        statements::supersede(connection, batch_id, losers).await
    }

    async fn finish_batch(
        connection: &mut SqliteConnection,
        batch: &FinishedBatch,
        by_outcome: Option<[u32; 8]>,
    ) -> sqlx::Result<u64> {
        statements::finish(connection, batch, by_outcome).await
    }

    async fn count_rejects(connection: &mut SqliteConnection, batch_id: &str) -> sqlx::Result<Option<u32>> {
        rejects::count(connection, batch_id).await
    }

    async fn read_rejects(
        connection: &mut SqliteConnection,
        page: &RejectsPage<'_>,
    ) -> sqlx::Result<Vec<Reject>> {
        rejects::page(connection, page).await
    }

    async fn find_batch(
        connection: &mut SqliteConnection,
        batch_id: &str,
    ) -> sqlx::Result<Option<StoredBatch>> {
        books::batch(connection, batch_id).await
    }

    async fn count_outcomes(
        connection: &mut SqliteConnection,
        batch: BatchKey,
    ) -> sqlx::Result<Vec<(String, i64)>> {
        books::count_outcomes(connection, batch).await
    }

    async fn read_results(
        connection: &mut SqliteConnection,
        page: &ResultsPage<'_>,
    ) -> sqlx::Result<Vec<StoredResult>> {
        books::results(connection, page).await
    }

    async fn delete_expired(
        connection: &mut SqliteConnection,
        before: Timestamp,
        most: u32,
    ) -> sqlx::Result<u64> {
        books::forget(connection, before, most).await
    }
}

async fn refuse_old_version(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await
        .map_err(|error| Sqlite::fault(&error))?;
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    if (part(), part(), part()) < OLDEST_VERSION {
        return Err(StoreError::Configuration(format!(
            "SQLite {version} can corrupt a database in WAL mode; at least 3.51.3 is needed"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
