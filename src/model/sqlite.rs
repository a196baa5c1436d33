//! SQLite in one file: WAL, every commit synced, one writer.

#![expect(clippy::disallowed_types, reason = "SQLite's thread has no runtime whose clock could be paused")]

use std::{
    path::Path,
    str::FromStr,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use sqlx::{
    ConnectOptions, Connection as _, Executor, SqliteConnection, Transaction,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{
    StoreError, StoreUrl,
    sql::{engine::Engine, migration, shared_sql::SharedSql},
};

mod dialect;
mod fault;
mod inserts;
mod private_file;
mod statements;

static MIGRATIONS: Migrator = sqlx::migrate!("src/model/migrations/sqlite");

/// Earlier versions can corrupt a WAL database that several connections write
/// (<https://www.sqlite.org/wal.html#walresetbug>).
const MIN_VERSION: (u32, u32, u32) = (3, 51, 3);

/// How long a statement waits for another process's lock before the transaction is retried. The wait blocks the
/// connection's thread, so it is short.
const BUSY_LIMIT: Duration = Duration::from_millis(250);

/// Pages of 4 KiB that the write-ahead log gathers before they are moved into the file: a page that is written often is
/// moved once, and the file is synced as seldom.
const PAGES_PER_CHECKPOINT: &str = "4000";

/// Instructions of SQLite's virtual machine between two checks of the time limit: about 50 microseconds.
const INSTRUCTIONS_PER_CHECK: i32 = 5_000;

/// SQLite in a file.
pub(super) struct Sqlite {
    options: SqliteConnectOptions,
    /// Whether a missing file is created, with its directory.
    creates: bool,
}

impl Sqlite {
    pub(super) fn new(url: &StoreUrl) -> Result<Self, StoreError> {
        let wrong = |what: &str| StoreError::Configuration(format!("store.url {what}: {url}"));
        let options = SqliteConnectOptions::from_str(&url.reveal())
            .map_err(|_| wrong("is not an SQLite URL"))?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_LIMIT)
            .pragma("wal_autocheckpoint", PAGES_PER_CHECKPOINT)
            // What is stored comes as a row per patient: the connection's thread must not wait for each to be fetched.
            .row_buffer_size(512)
            .disable_statement_logging();
        let file = options.get_filename();
        if file.as_os_str().is_empty() || is_in_memory(file) {
            return Err(wrong("must name a file"));
        }
        let url = url.reveal();
        let (_, parameters) = url.split_once('?').unwrap_or_default();
        let is_read_only = parameters.split('&').any(|parameter| parameter == "mode=ro");
        Ok(Self { options, creates: !is_read_only })
    }
}

/// The driver names databases in memory itself. None would outlive its connection.
fn is_in_memory(file: &Path) -> bool {
    file.to_string_lossy().starts_with("file:")
}

#[async_trait]
impl Engine for Sqlite {
    type Database = sqlx::Sqlite;

    const MAX_WRITERS: u32 = 1;
    const MIN_ROWS_FOR_INSERT: usize = 1;

    const STARTS_ONLY_IN_TIME: bool = true;

    fn for_reading(&self) -> Self {
        Self { options: self.options.clone(), creates: false }
    }

    /// With hardly any memory for pages, so that they are written to the file before the transaction ends.
    fn for_probing(&self) -> Self {
        Self { options: self.options.clone().pragma("cache_size", "10"), creates: self.creates }
    }

    async fn connect(&self) -> sqlx::Result<SqliteConnection> {
        if self.creates {
            private_file::create(self.options.get_filename()).await?;
        }
        self.options.clone().create_if_missing(self.creates).connect().await
    }

    /// In one transaction that holds the write lock: the migrator itself does not keep two processes apart.
    async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
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

    /// Takes the write lock at once: a transaction that reads first could find it taken when it writes, and waiting would
    /// not help.
    async fn begin(
        connection: &mut SqliteConnection,
        limit: Duration,
    ) -> sqlx::Result<Transaction<'_, sqlx::Sqlite>> {
        let end = Instant::now() + limit;
        connection
            .lock_handle()
            .await?
            .set_progress_handler(INSTRUCTIONS_PER_CHECK, move || Instant::now() < end);
        connection.begin_with("BEGIN IMMEDIATE").await
    }

    fn fault(error: &sqlx::Error) -> StoreError {
        fault::fault(error)
    }

    fn sql() -> &'static SharedSql {
        &dialect::SQL
    }
}

async fn refuse_old_version(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await
        .map_err(|error| Sqlite::fault(&error))?;
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    if (part(), part(), part()) < MIN_VERSION {
        return Err(StoreError::Configuration(format!(
            "SQLite {version} can corrupt a database in WAL mode; at least 3.51.3 is needed"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
