//! The database of a rig, seen past the service.

use std::path::Path;

use sqlx::{
    AssertSqlSafe, Connection, FromRow, PgConnection, SqliteConnection, postgres::PgRow, sqlite::SqliteRow,
};
use tokio::task::block_in_place;

use super::address_of;
use crate::{
    batch::Key,
    books::Shelf,
    proxy::Proxy,
    support::{eventually, postgres::PostgresServer},
};

const PATIENTS: &str = "SELECT hospital_code, patient_id, raw FROM patients";
const OUTCOMES: &str = "SELECT batch_id, record_index, outcome FROM outcomes JOIN batches USING (batch_key)";

const ADMINISTRATOR: &str = "CREATE ROLE administrator SUPERUSER LOGIN";

/// A SQLite file, or a PostgreSQL server of its own behind a proxy.
pub(crate) enum Database {
    Sqlite { url: String },
    Postgres { server: PostgresServer, proxy: Proxy },
}

impl Database {
    pub(super) fn sqlite(directory: &Path) -> Self {
        Self::Sqlite { url: format!("sqlite://{}", directory.join("data").join("test.db").display()) }
    }

    pub(super) async fn postgres(server: PostgresServer) -> Self {
        let proxy = Proxy::start(address_of(&server.url())).await;
        let database = Self::Postgres { server, proxy };
        database.execute_at(&database.owner_url(), ADMINISTRATOR).await;
        database
    }

    /// The URL that the service uses.
    pub(super) fn service_url(&self) -> String {
        match self {
            Self::Sqlite { url } => url.clone(),
            Self::Postgres { server, proxy } => {
                let direct = address_of(&server.url()).to_string();
                server.url().replace(&direct, &proxy.local_addr().to_string())
            }
        }
    }

    /// The URL past every proxy, by a role of our own: a fault may lock out the service's.
    fn url(&self) -> String {
        self.owner_url().replace("//postgres@", "//administrator@")
    }

    fn owner_url(&self) -> String {
        match self {
            Self::Sqlite { url } => url.clone(),
            Self::Postgres { server, .. } => server.url(),
        }
    }

    /// The proxy on the way to a PostgreSQL server.
    pub(crate) fn proxy(&self) -> &Proxy {
        match self {
            Self::Postgres { proxy, .. } => proxy,
            Self::Sqlite { .. } => panic!("nothing is between the service and its file"),
        }
    }

    /// Stops a PostgreSQL server in a mode of pg_ctl.
    pub(crate) fn halt(&mut self, mode: &str) {
        block_in_place(|| self.server().stop_by(mode));
    }

    /// Starts it again and waits until it answers.
    pub(crate) fn resume(&mut self) {
        block_in_place(|| self.server().restart());
    }

    fn server(&mut self) -> &mut PostgresServer {
        match self {
            Self::Postgres { server, .. } => server,
            Self::Sqlite { .. } => panic!("a file has no server"),
        }
    }

    /// Runs statements.
    pub(crate) async fn execute(&self, sql: &str) {
        self.execute_at(&self.url(), sql).await;
    }

    async fn execute_at(&self, url: &str, sql: &str) {
        let statements = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Self::Sqlite { .. } => {
                let mut connection = SqliteConnection::connect(url).await.expect("the file opens");
                statements.execute(&mut connection).await.map(drop)
            }
            Self::Postgres { .. } => {
                let mut connection = PgConnection::connect(url).await.expect("the server answers");
                statements.execute(&mut connection).await.map(drop)
            }
        }
        .expect("the statements work");
    }

    /// Everything in it that the books speak of.
    pub(crate) async fn shelf(&self) -> Shelf {
        let patients: Vec<(String, String, Vec<u8>)> = self.rows(PATIENTS).await;
        let outcomes: Vec<(String, i64, String)> = self.rows(OUTCOMES).await;
        let patient = |(hospital, patient_id, raw)| (Key { hospital, patient_id }, raw);
        let outcome = |(batch, index, outcome)| (batch, u32::try_from(index).expect("an index"), outcome);
        Shelf {
            patients: patients.into_iter().map(patient).collect(),
            outcomes: outcomes.into_iter().map(outcome).collect(),
        }
    }

    /// Connections of the service that a PostgreSQL server has open.
    pub(crate) async fn connections(&self) -> usize {
        let service = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dataprocessing'";
        let mut connection = PgConnection::connect(&self.url()).await.expect("the server answers");
        let count: i64 =
            sqlx::query_scalar(service).fetch_one(&mut connection).await.expect("it knows its connections");
        usize::try_from(count).expect("a count")
    }

    async fn rows<T>(&self, sql: &'static str) -> Vec<T>
    where
        T: Send + Unpin + for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow>,
    {
        match self {
            Self::Sqlite { .. } => {
                let mut connection = SqliteConnection::connect(&self.url()).await.expect("the file opens");
                sqlx::query_as(sql).fetch_all(&mut connection).await
            }
            Self::Postgres { .. } => {
                let mut connection = PgConnection::connect(&self.url()).await.expect("the server answers");
                sqlx::query_as(sql).fetch_all(&mut connection).await
            }
        }
        .expect("the tables are there")
    }

    pub(super) async fn stop(self) {
        let Self::Postgres { mut server, proxy } = self else { return };
        eventually("the service has closed its connections", async || proxy.open() == 0).await;
        proxy.stop().await;
        block_in_place(|| server.stop());
    }
}
