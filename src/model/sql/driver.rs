//! What both drivers can do, so that a statement of both engines is bound and read in one place.

use async_trait::async_trait;
use sqlx::{
    Arguments as _, Database, Decode, Postgres, Row as _, Sqlite, Type,
    postgres::{PgArguments, PgRow},
    sqlite::{SqliteArguments, SqliteRow},
};

/// A value that is bound to a shared statement.
#[derive(Clone, Copy)]
pub(crate) enum Argument<'a> {
    Text(&'a str),
    Number(i64),
    OptionalNumber(Option<i64>),
    Flag(bool),
}

/// What can be read from the rows of both drivers.
pub(crate) trait Readable<'r>:
    Type<Sqlite> + Decode<'r, Sqlite> + Type<Postgres> + Decode<'r, Postgres>
{
}

impl<'r, T> Readable<'r> for T where
    T: Type<Sqlite> + Decode<'r, Sqlite> + Type<Postgres> + Decode<'r, Postgres>
{
}

/// A row of either driver.
pub(crate) trait ReadRow {
    fn read<'r, T: Readable<'r>>(&'r self, index: usize) -> sqlx::Result<T>;
}

/// Runs statements that both engines share.
#[async_trait]
pub(crate) trait Driver: Database<Row: ReadRow> {
    /// Returns how many rows were written.
    async fn execute(
        connection: &mut Self::Connection,
        sql: &'static str,
        arguments: &[Argument<'_>],
    ) -> sqlx::Result<u64>;

    async fn fetch<T: Send + Unpin>(
        connection: &mut Self::Connection,
        sql: &'static str,
        arguments: &[Argument<'_>],
        read: for<'r> fn(&'r Self::Row) -> sqlx::Result<T>,
    ) -> sqlx::Result<Vec<T>>;
}

/// Written once as a macro: the drivers share no trait under which it could be generic.
macro_rules! driver {
    ($database:ty, $row:ty, $arguments:ident) => {
        impl ReadRow for $row {
            fn read<'r, T: Readable<'r>>(&'r self, index: usize) -> sqlx::Result<T> {
                self.try_get(index)
            }
        }

        impl TryFrom<&[Argument<'_>]> for Bound<$arguments> {
            type Error = sqlx::Error;

            fn try_from(arguments: &[Argument<'_>]) -> sqlx::Result<Self> {
                let mut bound = $arguments::default();
                let mut add = |argument: &Argument<'_>| match *argument {
                    Argument::Text(text) => bound.add(text),
                    Argument::Number(number) => bound.add(number),
                    Argument::OptionalNumber(number) => bound.add(number),
                    Argument::Flag(flag) => bound.add(flag),
                };
                arguments.iter().try_for_each(&mut add).map_err(sqlx::Error::Encode)?;
                Ok(Self(bound))
            }
        }

        #[async_trait]
        impl Driver for $database {
            async fn execute(
                connection: &mut Self::Connection,
                sql: &'static str,
                arguments: &[Argument<'_>],
            ) -> sqlx::Result<u64> {
                let Bound::<$arguments>(bound) = arguments.try_into()?;
                let done = sqlx::query_with(sql, bound).execute(connection).await?;
                Ok(done.rows_affected())
            }

            async fn fetch<T: Send + Unpin>(
                connection: &mut Self::Connection,
                sql: &'static str,
                arguments: &[Argument<'_>],
                read: for<'r> fn(&'r Self::Row) -> sqlx::Result<T>,
            ) -> sqlx::Result<Vec<T>> {
                let Bound::<$arguments>(bound) = arguments.try_into()?;
                sqlx::query_with(sql, bound).try_map(|row| read(&row)).fetch_all(connection).await
            }
        }
    };
}

struct Bound<A>(A);

driver!(Sqlite, SqliteRow, SqliteArguments);
driver!(Postgres, PgRow, PgArguments);
