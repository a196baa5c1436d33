//! Fills a store with many patients, past the service: copies of the rows that the service wrote, each with a patient id
//! of its own.

use dataprocessing::{cli::CommandError, model::StoreUrl};
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

/// A copy, because an engine that read from the growing table would first write the whole result elsewhere.
const TEMPLATE: &str =
    "CREATE TEMPORARY TABLE template AS SELECT * FROM patients ORDER BY hospital_code, patient_id";

/// Copies every patient of a store once for each round, with the patient id that the records of that round have. Rounds
/// count from 1; zero rounds copy nothing. Returns the number of copies.
pub(super) async fn copy_patients(store: &StoreUrl, rounds: usize) -> Result<u64, CommandError> {
    let copied = match store.sqlite_file() {
        Some(file) => {
            let options = SqliteConnectOptions::new()
                .filename(file)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Off);
            let mut connection = SqliteConnection::connect_with(&options).await?;
            let columns = sqlx::query_scalar("SELECT name FROM pragma_table_info('patients')");
            let columns: Vec<String> = columns.fetch_all(&mut connection).await?;
            connection.execute(TEMPLATE).await?;
            let numbers = format!(
                "(WITH RECURSIVE numbers (round) AS (SELECT 1 WHERE {rounds} > 0 UNION ALL SELECT round + 1 FROM \
                 numbers WHERE round < {rounds}) SELECT round FROM numbers)"
            );
            let copied = connection.execute(AssertSqlSafe(insert(&columns, &numbers))).await?.rows_affected();
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
            connection.close().await?;
            copied
        }
        None => {
            let mut connection = PgConnection::connect(&store.reveal()).await?;
            let columns = sqlx::query_scalar(
                "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'patients' \
                 AND table_schema = current_schema() ORDER BY ordinal_position",
            );
            let columns: Vec<String> = columns.fetch_all(&mut connection).await?;
            connection.execute(TEMPLATE).await?;
            let numbers = format!("(SELECT generate_series AS round FROM generate_series(1, {rounds}))");
            let copied = connection.execute(AssertSqlSafe(insert(&columns, &numbers))).await?.rows_affected();
            // A store that has grown for years has been analysed, too.
            connection.execute("VACUUM (ANALYZE) patients").await?;
            connection.execute("CHECKPOINT").await?;
            connection.close().await?;
            copied
        }
    };
    Ok(copied)
}

/// The statement that copies. It takes its columns from the store, so that new columns need no change here, and inserts
/// in the order of the key, which is the fastest for an index.
fn insert(columns: &[String], numbers: &str) -> String {
    let selected: Vec<&str> = columns
        .iter()
        .map(|column| if column == "patient_id" { "round || '-' || patient_id" } else { column.as_str() })
        .collect();
    format!(
        "INSERT INTO patients ({}) SELECT {} FROM {numbers} AS numbers CROSS JOIN template",
        columns.join(", "),
        selected.join(", ")
    )
}
