//! PostgreSQL: new rows by COPY, the others as arrays that the server unnests; two writers; every time limit is set in
//! the server.

use std::{str::FromStr, time::Duration};

use async_trait::async_trait;
use sqlx::{
    AssertSqlSafe, Connection as _, Executor, PgConnection, Transaction, migrate::Migrator,
    postgres::PgConnectOptions,
};

use super::{
    StoreError, StoreUrl,
    sql::{engine::Engine, migration, shared_sql::SharedSql},
};

mod arrays;
mod copy;
mod dialect;
mod fault;
mod statements;

static MIGRATIONS: Migrator = sqlx::migrate!("src/model/migrations/postgres");

/// After this time it is better to release the own locks and to retry than to wait on.
const LOCK_LIMIT: Duration = Duration::from_secs(2);

/// PostgreSQL behind a URL.
pub(super) struct Postgres {
    options: PgConnectOptions,
}

impl Postgres {
    pub(super) fn new(url: &StoreUrl) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(&url.reveal())
            .map_err(|_| StoreError::Configuration(format!("store.url is not a PostgreSQL URL: {url}")))?;
        let named = options.get_application_name().is_some();
        let options = if named { options } else { options.application_name("dataprocessing") };
        // For statements outside of a transaction; transactions set their own.
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

    const MAX_WRITERS: u32 = 2;
    /// The driver leaves Nagle's algorithm on, so the end of a COPY waits for the acknowledgement of its rows. If they are
    /// few, the other side delays it by up to 40 ms.
    const MIN_ROWS_FOR_INSERT: usize = 400;

    const STARTS_ONLY_IN_TIME: bool = false;

    /// Its statements look rows up by their keys: see [`Self::begin`].
    fn for_reading(&self) -> Self {
        Self { options: self.options.clone().options([("enable_seqscan", "off")]) }
    }

    fn for_probing(&self) -> Self {
        Self { options: self.options.clone() }
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        use sqlx::ConnectOptions;
        // The driver would log statements.
        self.options.clone().disable_statement_logging().connect().await
    }

    /// An advisory lock keeps two processes apart; neither it nor the changes of the schema have a time limit.
    async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
        let unlimited = connection.execute("SET statement_timeout = 0; SET lock_timeout = 0").await;
        unlimited.map_err(|error| Self::fault(&error))?;
        MIGRATIONS.run_direct(None, connection, false).await.map_err(|error| migration::fault::<Self>(&error))
    }

    async fn ping(connection: &mut PgConnection) -> sqlx::Result<()> {
        connection.execute("SELECT 1").await.map(drop)
    }

    /// One round trip. Every statement looks its rows up by their keys, so it is planned once, as for large tables: a plan
    /// made while the tables were empty would scan them, and planning each time costs as much as writing.
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

    fn sql() -> &'static SharedSql {
        &dialect::SQL
    }
}
