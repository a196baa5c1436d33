//! Rows as one array per column, unnested again by the server: a chunk of any size is one statement with one text.

use sqlx::{
    Postgres,
    postgres::{PgArguments, PgBindIterExt},
    query::Query,
};

use crate::model::sql::table::{Table, Value};

/// The parameters of a table's columns, from `$2` on.
pub(super) fn unnest<T: Table>() -> String {
    let parameters = T::COLUMNS.iter().zip(2..).map(|(column, number)| {
        let array = match column.value {
            Value::Text(_) => "text[]",
            Value::Bytes(_) => "bytea[]",
            Value::Smallint(_) => "smallint[]",
            Value::Bigint(_) => "bigint[]",
            Value::Boolean(_) => "boolean[]",
        };
        format!("${number}::{array}")
    });
    format!("UNNEST({})", parameters.collect::<Vec<_>>().join(", "))
}

/// Binds the columns of the rows, in the same order.
pub(super) fn bind<'q, T: Table>(
    query: Query<'q, Postgres, PgArguments>,
    rows: &'q [T::Row<'q>],
) -> Query<'q, Postgres, PgArguments> {
    T::COLUMNS.iter().fold(query, |query, column| match column.value {
        Value::Text(value) => query.bind(rows.iter().map(value).bind_iter()),
        Value::Bytes(value) => query.bind(rows.iter().map(value).bind_iter()),
        Value::Smallint(value) => query.bind(rows.iter().map(value).bind_iter()),
        Value::Bigint(value) => query.bind(rows.iter().map(value).bind_iter()),
        Value::Boolean(value) => query.bind(rows.iter().map(value).bind_iter()),
    })
}
