//! What stands in a store, read past the service.

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// How many rows a table has.
pub(crate) async fn count(url: &str, table: &str) -> i64 {
    let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    if url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(url).await.expect("the file opens");
        sqlx::query_scalar(sql).fetch_one(&mut connection).await
    } else {
        let mut connection = PgConnection::connect(url).await.expect("the server answers");
        sqlx::query_scalar(sql).fetch_one(&mut connection).await
    }
    .expect("the table is there")
}

/// The one column of text that a query answers from a SQLite file.
pub(crate) async fn texts(url: &str, sql: &str) -> Vec<String> {
    let mut connection = SqliteConnection::connect(url).await.expect("the file opens");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut connection).await.expect("the query works")
}

/// The numbers of all patients.
pub(crate) async fn patient_ids(url: &str) -> HashSet<String> {
    let ids: Result<Vec<String>, _> = if url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(url).await.expect("the file opens");
        sqlx::query_scalar("SELECT patient_id FROM patients").fetch_all(&mut connection).await
    } else {
        let mut connection = PgConnection::connect(url).await.expect("the server answers");
        sqlx::query_scalar("SELECT patient_id FROM patients").fetch_all(&mut connection).await
    };
    ids.expect("the table is there").into_iter().collect()
}
