//! A fresh database for one test, gone at its end.

use std::{env, sync::Arc, time::Duration};

use dataprocessing::model::{self, Store, StoreConfig};
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use tempfile::TempDir;

/// Names the maintenance database of a PostgreSQL server that tests may create databases on.
const SERVER: &str = "DATAPROCESSING_TEST_POSTGRES";

/// An empty database of one of the engines.
pub(crate) struct TestDatabase {
    url: String,
    place: Place,
}

enum Place {
    /// In memory would not do: what is tested is a file that several connections write.
    Sqlite {
        _directory: TempDir,
    },
    Postgres {
        server: String,
        name: String,
    },
}

/// A connection past the store: it looks at what the store did, and stands in its way.
pub(crate) enum Direct {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl TestDatabase {
    /// In a file of its own.
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        // In a directory that is not there yet, as with the default configuration.
        let file = directory.path().join("data").join("test.db");
        Self { url: format!("sqlite://{}", file.display()), place: Place::Sqlite { _directory: directory } }
    }

    /// On the server that the environment names.
    pub(crate) async fn postgres() -> Self {
        let server = env::var(SERVER).unwrap_or_else(|_| panic!("{SERVER} is not set: run tests/run"));
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        let mut connection = PgConnection::connect(&server).await.expect("the test server answers");
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a new database");
        Self { url: with_database(&server, &name), place: Place::Postgres { server, name } }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Postgres { .. })
    }

    /// The store on this database, its schema up to date.
    pub(crate) async fn store(&self) -> Arc<dyn Store> {
        let store = self.empty_store();
        store.migrate().await.expect("a fresh database can be migrated");
        store
    }

    /// The store before anything happened to its database.
    pub(crate) fn empty_store(&self) -> Arc<dyn Store> {
        open(&self.url)
    }

    pub(crate) async fn connect(&self) -> Direct {
        match &self.place {
            Place::Sqlite { .. } => {
                let options: SqliteConnectOptions = self.url.parse().expect("our own URL");
                let options = options.journal_mode(SqliteJournalMode::Wal).create_if_missing(true);
                Direct::Sqlite(SqliteConnection::connect_with(&options).await.expect("the file opens"))
            }
            Place::Postgres { .. } => {
                Direct::Postgres(PgConnection::connect(&self.url).await.expect("the test server answers"))
            }
        }
    }

    /// Brings the schema to where some migrations end.
    pub(crate) async fn migrate(&self, migrations: &sqlx::migrate::Migrator) {
        if let Place::Sqlite { .. } = &self.place {
            let file = self.url.strip_prefix("sqlite://").expect("our own URL");
            let directory = std::path::Path::new(file).parent().expect("a directory");
            std::fs::create_dir_all(directory).expect("a directory");
        }
        match self.connect().await {
            Direct::Sqlite(mut connection) => migrations.run_direct(None, &mut connection, false).await,
            Direct::Postgres(mut connection) => migrations.run_direct(None, &mut connection, false).await,
        }
        .expect("the migrations work");
    }

    /// Runs statements.
    pub(crate) async fn execute(&self, sql: &str) {
        self.connect().await.execute(sql).await;
    }

    /// The one column of text that a query answers.
    pub(crate) async fn column(&self, sql: &str) -> Vec<String> {
        self.connect().await.column(sql).await
    }
}

impl Direct {
    pub(crate) async fn execute(&mut self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Self::Sqlite(connection) => sql.execute(connection).await.map(drop),
            Self::Postgres(connection) => sql.execute(connection).await.map(drop),
        }
        .expect("the statement works");
    }

    pub(crate) async fn column(&mut self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
        }
        .expect("the query works")
    }
}

/// A store with the default settings.
pub(crate) fn open(url: &str) -> Arc<dyn Store> {
    let config = StoreConfig {
        url: url.into(),
        max_connections: 4,
        chunk_rows: 500,
        linger: Duration::from_millis(50),
        keep_results: Duration::from_secs(3600),
    };
    model::open(&config).expect("the configuration is right")
}

/// The same server, another database.
fn with_database(server: &str, name: &str) -> String {
    let (address, query) = server.split_once('?').map_or((server, ""), |(address, query)| (address, query));
    let (host, _) = address.rsplit_once('/').expect("the URL names a database");
    if query.is_empty() { format!("{host}/{name}") } else { format!("{host}/{name}?{query}") }
}

impl Drop for TestDatabase {
    /// Also when the test panicked; on a thread of its own, for a runtime is not entered twice.
    fn drop(&mut self) {
        let Place::Postgres { server, name } = &self.place else { return };
        let (server, name) = (server.clone(), name.clone());
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let mut connection = PgConnection::connect(&server).await?;
                connection.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await
            })
        });
        let dropped = dropping.join().map(|result| result.is_ok());
        if !std::thread::panicking() {
            assert_eq!(dropped.ok(), Some(true), "a test database is still there");
        }
    }
}
