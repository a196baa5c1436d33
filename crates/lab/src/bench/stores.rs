//! Stores for scenarios: each gets one that is empty and belongs to it alone.

use dataprocessing::{cli::CommandError, model::StoreUrl};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use super::process;

/// Where stores are made. [`Stores::remove`] removes them; of SQLite, dropping does as well.
pub(super) struct Stores {
    place: Place,
}

enum Place {
    /// Files in a directory of their own.
    Sqlite(TempDir),
    /// Databases on a server, made over this URL.
    Postgres { server: StoreUrl, made: Vec<String> },
}

impl Stores {
    /// Stores of the engine that the URL names: `sqlite://DIRECTORY`, or `postgres://...` of a database whose
    /// user may create others. Without one, SQLite in the system's directory for temporary files.
    pub(super) fn new(url: Option<&str>) -> Result<Self, CommandError> {
        let place = match url.map(|url| (url, url.split_once("://"))) {
            None => Place::Sqlite(tempfile::tempdir()?),
            Some((_, Some(("sqlite", directory)))) => Place::Sqlite(tempfile::tempdir_in(directory)?),
            Some((url, Some(("postgres" | "postgresql", _)))) => {
                Place::Postgres { server: url.into(), made: Vec::new() }
            }
            Some(_) => return Err("--store must be postgres://... or sqlite://DIRECTORY".into()),
        };
        Ok(Self { place })
    }

    /// What the engine is called.
    pub(super) fn engine(&self) -> &'static str {
        match self.place {
            Place::Sqlite(_) => "SQLite",
            Place::Postgres { .. } => "PostgreSQL",
        }
    }

    /// An empty store.
    pub(super) async fn fresh(&mut self) -> Result<StoreUrl, CommandError> {
        let name = format!("dataprocessing_bench_{}", Uuid::now_v7().simple());
        match &mut self.place {
            Place::Sqlite(directory) => {
                let file = directory.path().join(name).with_extension("db");
                Ok(format!("sqlite://{}", file.display()).into())
            }
            Place::Postgres { server, made } => {
                // Noted before it is there: whatever interrupts this, it is removed.
                made.push(name.clone());
                let mut connection = PgConnection::connect(&server.reveal()).await?;
                connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
                connection.close().await?;
                Ok(with_database(&server.reveal(), &name).into())
            }
        }
    }

    /// The process whose CPU time, with that of its children, is the database server's; nothing where there
    /// is no server, or it runs elsewhere.
    pub(super) async fn server_process(&self) -> Option<u32> {
        let Place::Postgres { server, .. } = &self.place else { return None };
        let mut connection = PgConnection::connect(&server.reveal()).await.ok()?;
        let session: i32 =
            sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await.ok()?;
        // On another machine the number would be that of some other program here, or of none.
        process::parent_of(u32::try_from(session).ok()?, "postgres")
    }

    /// Removes every store that was made.
    pub(super) async fn remove(&mut self) -> Result<(), CommandError> {
        match &mut self.place {
            Place::Sqlite(directory) => {
                for file in std::fs::read_dir(directory.path())? {
                    std::fs::remove_file(file?.path())?;
                }
            }
            Place::Postgres { server, made } => {
                if made.is_empty() {
                    return Ok(());
                }
                let mut connection = PgConnection::connect(&server.reveal()).await?;
                for name in made.drain(..) {
                    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                    connection.execute(AssertSqlSafe(drop)).await?;
                }
                connection.close().await?;
            }
        }
        Ok(())
    }
}

/// The same server, another database.
fn with_database(server: &str, name: &str) -> String {
    let (address, query) =
        server.split_once('?').map_or((server, None), |(address, query)| (address, Some(query)));
    let authority = address.find("://").map_or(0, |scheme| scheme + 3);
    let host_ends = address[authority..].find('/').map_or(address.len(), |slash| authority + slash);
    let url = format!("{}/{name}", &address[..host_ends]);
    query.map_or(url.clone(), |query| format!("{url}?{query}"))
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
        let file = stores.fresh().await.unwrap().sqlite_file().unwrap();
        std::fs::write(&file, "").unwrap();
        stores.remove().await.unwrap();
        assert!(!file.exists() && file.parent().unwrap().exists());
        drop(stores);
        assert!(!file.parent().unwrap().exists());
    }
}
