//! The stores of scenarios: each is empty at first and belongs to one scenario.

use dataprocessing::{cli::CommandError, model::StoreUrl};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use super::process;

/// Creates stores. [`Stores::remove`] removes them; dropping removes those of SQLite, too.
pub(super) enum Stores {
    /// Files in a directory of their own.
    Sqlite(TempDir),
    /// Databases on the server of this URL.
    Postgres { server: StoreUrl, created: Vec<String> },
}

impl Stores {
    /// Stores of the engine in the URL: `sqlite://DIRECTORY`, or `postgres://...` of a database whose user may create
    /// others. The default is SQLite in the directory for temporary files.
    pub(super) fn new(url: Option<&str>) -> Result<Self, CommandError> {
        Ok(match url.map(|url| (url, url.split_once("://"))) {
            None => Self::Sqlite(tempfile::tempdir()?),
            Some((_, Some(("sqlite", directory)))) => Self::Sqlite(tempfile::tempdir_in(directory)?),
            Some((url, Some(("postgres" | "postgresql", _)))) => {
                Self::Postgres { server: url.into(), created: Vec::new() }
            }
            Some(_) => return Err("--store must be postgres://... or sqlite://DIRECTORY".into()),
        })
    }

    /// The name of the engine.
    pub(super) fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    /// Creates an empty store.
    pub(super) async fn create(&mut self) -> Result<StoreUrl, CommandError> {
        let name = format!("dataprocessing_bench_{}", Uuid::now_v7().simple());
        match self {
            Self::Sqlite(directory) => {
                let file = directory.path().join(name).with_extension("db");
                Ok(format!("sqlite://{}", file.display()).into())
            }
            Self::Postgres { server, created } => {
                // Recorded before it exists: whatever interrupts this, it is removed.
                created.push(name.clone());
                let mut connection = connect(server).await?;
                connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
                connection.close().await?;
                Ok(with_database(&server.reveal(), &name).into())
            }
        }
    }

    /// The process whose CPU time, with that of its children, is that of the database server; `None` without a server,
    /// or if it runs on another machine.
    pub(super) async fn server_process(&self) -> Option<u32> {
        let Self::Postgres { server, .. } = self else { return None };
        let mut connection = connect(server).await.ok()?;
        let session: i32 =
            sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await.ok()?;
        // The process id of a server on another machine is that of another program here, or of none.
        process::parent_of(u32::try_from(session).ok()?, "postgres")
    }

    /// Removes every store that was created.
    pub(super) async fn remove(&mut self) -> Result<(), CommandError> {
        match self {
            Self::Sqlite(directory) => {
                for file in std::fs::read_dir(directory.path())? {
                    std::fs::remove_file(file?.path())?;
                }
            }
            Self::Postgres { created, .. } if created.is_empty() => {}
            Self::Postgres { server, created } => {
                let mut connection = connect(server).await?;
                for name in created.drain(..) {
                    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                    connection.execute(AssertSqlSafe(drop)).await?;
                }
                connection.close().await?;
            }
        }
        Ok(())
    }
}

async fn connect(server: &StoreUrl) -> sqlx::Result<PgConnection> {
    PgConnection::connect(&server.reveal()).await
}

/// The same server, another database.
fn with_database(server: &str, name: &str) -> String {
    let (address, query) = server.split_at(server.find('?').unwrap_or(server.len()));
    let authority = address.find("://").map_or(0, |scheme| scheme + 3);
    let host_ends = address[authority..].find('/').map_or(address.len(), |slash| authority + slash);
    format!("{}/{name}{query}", &address[..host_ends])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_a_server_keeps_everything_else() {
        assert_eq!(with_database("postgres://me:x@h:1/db?a=/b", "n"), "postgres://me:x@h:1/n?a=/b");
        assert_eq!(with_database("postgres://h", "n"), "postgres://h/n");
    }

    #[tokio::test]
    async fn files_go_with_their_stores() {
        let mut stores = Stores::new(None).unwrap();
        let file = stores.create().await.unwrap().sqlite_file().unwrap();
        std::fs::write(&file, "").unwrap();
        stores.remove().await.unwrap();
        assert!(!file.exists() && file.parent().unwrap().exists());
        drop(stores);
        assert!(!file.parent().unwrap().exists());
    }
}
