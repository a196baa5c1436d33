//! PostgreSQL: what is new by COPY, the rest as arrays unnested into rows; two writers; every limit set in the
//! server.

use std::{str::FromStr, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{
    AssertSqlSafe, Connection as _, Executor, PgConnection, Transaction, migrate::Migrator,
    postgres::PgConnectOptions,
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
mod copy;
mod fault;
mod rejects;
mod statements;

static MIGRATIONS: Migrator = sqlx::migrate!("src/model/migrations/postgres");

/// Waiting longer for a lock is worth less than letting go of one's own and trying again.
const LOCK_LIMIT: Duration = Duration::from_secs(2);

/// PostgreSQL behind a URL.
pub(super) struct Postgres {
    options: PgConnectOptions,
}

impl Postgres {
    pub(super) fn new(url: &StoreUrl) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url.reveal())
            .map_err(|_| StoreError::Configuration(format!("store.url is not a PostgreSQL URL: {url}")))?;
        let named = options.get_application_name().is_some();
        let options = if named { options } else { options.application_name("dataprocessing") };
        // What holds for statements outside of a transaction; transactions set their own.
        let limits = [
            ("statement_timeout", "5s"),
            ("lock_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "10s"),
        ];
        Ok(Self { options: options.options(limits) })
    }
}

#[async_trait]
impl Engine for Postgres {
    type Database = sqlx::Postgres;

    const WRITERS: u32 = 2;
    /// The driver leaves Nagle's algorithm on, so the end of a COPY waits for the acknowledgement of its rows: up to
    /// 40 ms where they are few, for the other side puts it off. That of many comes at once.
    const WORTH_INSERTING: usize = 400;

    const STARTS_ONLY_IN_TIME: bool = false;

    /// Its statements look rows up by their keys, too: see [`Self::begin`].
    fn to_read(&self) -> Self {
        Self { options: self.options.clone().options([("enable_seqscan", "off")]) }
    }

    fn to_watch(&self) -> Self {
        Self { options: self.options.clone() }
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        use sqlx::ConnectOptions;
        // The driver's statement log would be the one place where statements meet the log.
        self.options.clone().disable_statement_logging().connect().await
    }

    /// An advisory lock keeps two processes apart; neither it nor the schema's changes know a time limit.
    async fn migrate(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        connection
            .execute("SET statement_timeout = 0; SET lock_timeout = 0")
            .await
            .map_err(|error| Self::fault(&error))?;
        MIGRATIONS.run_direct(None, connection, false).await.map_err(|error| migration::fault::<Self>(&error))
    }

    async fn ping(connection: &mut PgConnection) -> sqlx::Result<()> {
        connection.execute("SELECT 1").await.map(drop)
    }

    /// One round trip. Every statement looks its rows up by their keys, so it is planned once and for good, as
    /// when the tables are large: a plan from the time when they were empty would scan them as a whole, and
    /// planning each time costs as much as writing does.
    async fn begin(
        connection: &mut PgConnection,
        limit: Duration,
    ) -> sqlx::Result<Transaction<'_, sqlx::Postgres>> {
        let statement = limit.as_millis();
        let lock = limit.min(LOCK_LIMIT).as_millis();
        connection
            .begin_with(AssertSqlSafe(format!(
                "BEGIN; SET LOCAL statement_timeout = {statement}; SET LOCAL lock_timeout = {lock}; \
                 SET LOCAL idle_in_transaction_session_timeout = {statement}; \
                 SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off"
            )))
            .await
    }

    fn fault(error: &sqlx::Error) -> StoreError {
        fault::fault(error)
    }

    async fn heads(
        connection: &mut PgConnection,
        batch_id: &str,
        keys: &[Key<'_>],
    ) -> sqlx::Result<Vec<(usize, Head<'static>)>> {
        statements::heads(connection, batch_id, keys).await
    }

    async fn insert(
        connection: &mut PgConnection,
        batch_id: &str,
        patients: &[Winner<'_>],
    ) -> sqlx::Result<()> {
        statements::insert(connection, batch_id, patients).await
    }

    async fn upsert(
        connection: &mut PgConnection,
        batch_id: &str,
        patients: &[Winner<'_>],
    ) -> sqlx::Result<u64> {
        statements::upsert(connection, batch_id, patients).await
    }

    async fn reopen(connection: &mut PgConnection, batch_id: &str, indexes: &[u32]) -> sqlx::Result<()> {
        statements::reopen(connection, batch_id, indexes).await
    }

    async fn record_anew(
        connection: &mut PgConnection,
        batch_id: &str,
        outcomes: &[OutcomeColumns<'_>],
    ) -> sqlx::Result<()> {
        statements::record_anew(connection, batch_id, outcomes).await
    }

    async fn record(
        connection: &mut PgConnection,
        batch_id: &str,
        outcomes: &[OutcomeColumns<'_>],
    ) -> sqlx::Result<()> {
        statements::record(connection, batch_id, outcomes).await
    }

    async fn reject(
        connection: &mut PgConnection,
        batch_id: &str,
        rejects: &[RejectColumns<'_>],
    ) -> sqlx::Result<()> {
        statements::reject(connection, batch_id, rejects).await
    }

    async fn supersede(connection: &mut PgConnection, batch_id: &str, losers: &[u32]) -> sqlx::Result<()> {
        statements::supersede(connection, batch_id, losers).await
    }

    async fn finish_batch(
        connection: &mut PgConnection,
        batch: &FinishedBatch,
        by_outcome: Option<[u32; 8]>,
    ) -> sqlx::Result<u64> {
        statements::finish(connection, batch, by_outcome).await
    }

    async fn count_rejects(connection: &mut PgConnection, batch_id: &str) -> sqlx::Result<Option<u32>> {
        rejects::count(connection, batch_id).await
    }

    async fn read_rejects(
        connection: &mut PgConnection,
        page: &RejectsPage<'_>,
    ) -> sqlx::Result<Vec<Reject>> {
        rejects::page(connection, page).await
    }

    async fn find_batch(connection: &mut PgConnection, batch_id: &str) -> sqlx::Result<Option<StoredBatch>> {
        books::batch(connection, batch_id).await
    }

    async fn count_outcomes(
        connection: &mut PgConnection,
        batch: BatchKey,
    ) -> sqlx::Result<Vec<(String, i64)>> {
        books::count_outcomes(connection, batch).await
    }

    async fn read_results(
        connection: &mut PgConnection,
        page: &ResultsPage<'_>,
    ) -> sqlx::Result<Vec<StoredResult>> {
        books::results(connection, page).await
    }

    async fn delete_expired(
        connection: &mut PgConnection,
        before: Timestamp,
        most: u32,
    ) -> sqlx::Result<u64> {
        books::forget(connection, before, most).await
    }
}
