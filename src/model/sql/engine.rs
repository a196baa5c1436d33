//! What a database engine provides beside its statements: connections, time limits, and the meaning of its errors.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{Database, Transaction};

use super::{driver::Driver, shared_sql::SharedSql};
use crate::model::StoreError;

/// A connection of an engine.
pub(crate) type Connection<E> = <<E as Engine>::Database as Database>::Connection;

/// A database behind a URL.
#[async_trait]
pub(crate) trait Engine: Sized + Send + Sync + 'static {
    type Database: Driver;

    /// More connections that write concurrently bring nothing.
    const MAX_WRITERS: u32;

    /// The fewest new rows that are worth a statement which knows no conflicts; fewer are upserted with the others.
    const MIN_ROWS_FOR_INSERT: usize;

    /// Whether rows may be written only while the time that such transactions take is left, because nothing interrupts
    /// the engine's commit.
    const STARTS_ONLY_IN_TIME: bool;

    /// The same database for reading only: connecting creates nothing.
    fn for_reading(&self) -> Self;

    /// The same database for probes. Their rows must reach its disk although they are rolled back.
    fn for_probing(&self) -> Self;

    async fn connect(&self) -> sqlx::Result<Connection<Self>>;

    /// Brings the schema up to date, on a connection that is not used for anything else.
    async fn migrate(connection: &mut Connection<Self>) -> Result<(), StoreError>;

    /// Runs something that only a working database can do.
    async fn ping(connection: &mut Connection<Self>) -> sqlx::Result<()>;

    /// Begins a transaction that the engine itself ends after `limit`.
    async fn begin(
        connection: &mut Connection<Self>,
        limit: Duration,
    ) -> sqlx::Result<Transaction<'_, Self::Database>>;

    /// What an error means for the rows of the transaction. Gives the engine's code of the error, never its text: that
    /// may quote values.
    fn fault(error: &sqlx::Error) -> StoreError;

    /// The statements that engines share, in the engine's dialect.
    fn sql() -> &'static SharedSql;
}
