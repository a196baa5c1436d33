//! A database of one engine, gone at the end, with the store on it and the ceiling beside it.

use std::{
    env,
    sync::{Arc, Mutex},
    time::Duration,
};

use dataprocessing::model::{self, Chunk, Store, StoreConfig, Written};
use rusqlite::types::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::{runtime::Runtime, time::Instant};

use crate::rows;

/// Rows in one transaction of the ceiling of SQLite.
const TRANSACTION: usize = 500;
/// Chunks that are written concurrently, as by concurrent batches.
const WRITERS: usize = 2;

const EMPTY: &str = "DELETE FROM patients; DELETE FROM outcomes; DELETE FROM rejects; DELETE FROM batches";
const TRUNCATE: &str = "TRUNCATE patients, outcomes, rejects, batches";

/// An empty database and the store on it.
pub(crate) struct Database {
    runtime: Runtime,
    store: Arc<dyn Store>,
    url: String,
    location: Location,
}

enum Location {
    Sqlite { file: std::path::PathBuf, _directory: TempDir },
    Postgres { server: String, name: String },
}

impl Database {
    pub(crate) fn new(engine: &str) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let (url, location) = match engine {
            "sqlite" => {
                let directory = tempfile::tempdir().expect("a temporary directory");
                let file = directory.path().join("bench.db");
                (format!("sqlite://{}", file.display()), Location::Sqlite { file, _directory: directory })
            }
            _ => {
                let server = env::var("DATAPROCESSING_TEST_POSTGRES").expect("a server");
                let name = format!("bench_{}", uuid::Uuid::now_v7().simple());
                runtime.block_on(execute(&server, &format!("CREATE DATABASE {name}")));
                let (host, _) = server.rsplit_once('/').expect("the URL names a database");
                (format!("{host}/{name}"), Location::Postgres { server: server.clone(), name })
            }
        };
        let config = StoreConfig {
            url: url.as_str().into(),
            max_connections: 4,
            chunk_rows: 1_000,
            linger: Duration::from_millis(50),
            keep_results: Duration::from_secs(3600),
        };
        let store = runtime.block_on(async {
            let store = model::open(&config).expect("the configuration is right");
            store.migrate().await.expect("a fresh database can be migrated");
            store
        });
        Self { runtime, store, url, location }
    }

    /// Removes all rows.
    pub(crate) fn empty(&self) {
        match &self.location {
            Location::Sqlite { file, .. } => {
                let connection = rusqlite::Connection::open(file).expect("the file opens");
                connection.execute_batch(EMPTY).expect("rows can be deleted");
            }
            Location::Postgres { .. } => self.runtime.block_on(execute(&self.url, TRUNCATE)),
        }
    }

    /// Writes chunks, a few of them concurrently.
    pub(crate) fn write(&self, chunks: Vec<Chunk>) {
        let chunks = Arc::new(Mutex::new(chunks.into_iter()));
        let writers = (0..WRITERS).map(|_| {
            let (store, chunks) = (Arc::clone(&self.store), Arc::clone(&chunks));
            self.runtime.spawn(write(store, chunks))
        });
        let writers: Vec<_> = writers.collect();
        self.runtime.block_on(async {
            for writer in writers {
                writer.await.expect("the rows are written");
            }
        });
    }

    /// The fastest way to store the same patients.
    pub(crate) fn ceiling(&self) -> Ceiling<'_> {
        self.write(rows::chunks(1_000, "first", rows::patient));
        let ceiling = match &self.location {
            Location::Sqlite { file, .. } => sqlite_ceiling(file),
            Location::Postgres { .. } => self.runtime.block_on(postgres_ceiling(&self.url)),
        };
        self.empty();
        Ceiling { database: self, rows: ceiling }
    }
}

/// One of the writers that share chunks. They are tasks, as those of batches are.
async fn write(store: Arc<dyn Store>, chunks: Arc<Mutex<std::vec::IntoIter<Chunk>>>) {
    let next = || chunks.lock().expect("no writer panics with it").next();
    while let Some(chunk) = next() {
        let written = store.write(&chunk, Instant::now() + Duration::from_secs(60)).await;
        let lost =
            |result: &Written| matches!(result, Written::Refused | Written::Unavailable | Written::Unknown);
        assert!(!written.iter().any(lost), "rows were not written");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
        if let Location::Postgres { server, name } = &self.location {
            self.runtime.block_on(execute(server, &format!("DROP DATABASE {name} WITH (FORCE)")));
        }
    }
}

/// Rows as the table of patients holds them.
pub(crate) struct Ceiling<'a> {
    database: &'a Database,
    rows: Rows,
}

enum Rows {
    Sqlite {
        insert: String,
        rows: Vec<Vec<Value>>,
    },
    /// In COPY's text format, one part for each connection.
    Postgres([Vec<u8>; WRITERS]),
}

impl Ceiling<'_> {
    /// Removes all rows.
    pub(crate) fn empty(&self) {
        self.database.empty();
    }

    /// Stores all rows.
    pub(crate) fn fill(&self) {
        match (&self.rows, &self.database.location) {
            (Rows::Sqlite { insert, rows }, Location::Sqlite { file, .. }) => {
                let mut connection = rusqlite::Connection::open(file).expect("the file opens");
                connection.pragma_update(None, "synchronous", "FULL").expect("a known setting");
                for rows in rows.chunks(TRANSACTION) {
                    let transaction = connection.transaction().expect("there is no other writer");
                    let mut statement = transaction.prepare(insert).expect("a valid statement");
                    for row in rows {
                        statement.execute(rusqlite::params_from_iter(row)).expect("a valid row");
                    }
                    drop(statement);
                    transaction.commit().expect("the file can be written");
                }
            }
            (Rows::Postgres(parts), _) => {
                let url = &self.database.url;
                let copies = parts.iter().map(|part| copy(url, part));
                self.database.runtime.block_on(futures_util::future::join_all(copies));
            }
            (Rows::Sqlite { .. }, Location::Postgres { .. }) => unreachable!("made for the same engine"),
        }
    }
}

fn sqlite_ceiling(file: &std::path::Path) -> Rows {
    let connection = rusqlite::Connection::open(file).expect("the file opens");
    let order = "SELECT * FROM patients ORDER BY hospital_code, patient_id";
    let mut statement = connection.prepare(order).expect("a valid statement");
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect();
    let rows = statement.query_map([], row).and_then(Iterator::collect).expect("the rows can be read");
    let parameters = vec!["?"; columns].join(", ");
    Rows::Sqlite { insert: format!("INSERT INTO patients VALUES ({parameters})"), rows }
}

async fn postgres_ceiling(url: &str) -> Rows {
    let mut connection = PgConnection::connect(url).await.expect("the server answers");
    let copy = "COPY (SELECT * FROM patients ORDER BY hospital_code, patient_id) TO STDOUT";
    let stream = connection.copy_out_raw(copy).await.expect("rows can be read");
    let chunks: Vec<_> = futures_util::TryStreamExt::try_collect(stream).await.expect("rows can be read");
    let text: Vec<u8> = chunks.concat();
    let middle = text.len() / 2;
    let cut = middle + text[middle..].iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    Rows::Postgres([text[..cut].to_vec(), text[cut..].to_vec()])
}

async fn copy(url: &str, rows: &[u8]) {
    let mut connection = PgConnection::connect(url).await.expect("the server answers");
    let mut copy = connection.copy_in_raw("COPY patients FROM STDIN").await.expect("the table is there");
    copy.send(rows).await.expect("the server takes rows");
    copy.finish().await.expect("the rows are valid");
}

async fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.expect("the server answers");
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.expect("the statement works");
}
