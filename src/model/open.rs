//! From the configuration to a store.

use std::sync::Arc;

use super::{Store, StoreConfig, StoreError, postgres::Postgres, sql::store::SqlStore, sqlite::Sqlite};

/// The store that the URL names. Nothing is opened yet, so that the service can start while its database is down; every
/// call connects when it has to.
pub fn open(config: &StoreConfig) -> Result<Arc<dyn Store>, StoreError> {
    // One connection is kept for probes, because blocked writers must not make a healthy database look dead, and one for
    // reads.
    let writers = match config.max_connections.checked_sub(2) {
        None | Some(0) => {
            return Err(StoreError::Configuration(
                "store.max_connections must be at least 3: one to write, one to read and one for health checks"
                    .into(),
            ));
        }
        Some(writers) => writers,
    };
    match config.url.scheme() {
        Some("sqlite") => Ok(Arc::new(SqlStore::new(Sqlite::new(&config.url)?, writers))),
        Some("postgres" | "postgresql") => Ok(Arc::new(SqlStore::new(Postgres::new(&config.url)?, writers))),
        _ => Err(StoreError::Configuration("store.url must begin with sqlite:// or postgres://".into())),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn config(url: &str, max_connections: u32) -> StoreConfig {
        let (linger, keep_results) = (Duration::from_millis(50), Duration::from_secs(3600));
        StoreConfig { url: url.into(), max_connections, chunk_rows: 500, linger, keep_results }
    }

    fn refusal(url: &str, max_connections: u32) -> String {
        match open(&config(url, max_connections)) {
            Err(StoreError::Configuration(reason)) => reason,
            Err(other) => panic!("another error: {other}"),
            Ok(_) => panic!("accepted"),
        }
    }

    #[test]
    fn what_cannot_work_is_refused_with_the_key_that_is_wrong() {
        assert!(refusal("mysql://host/db", 4).contains("store.url"));
        assert!(refusal("data.db", 4).contains("store.url"));
        assert!(refusal("sqlite://data.db", 2).contains("store.max_connections"));
        assert!(refusal("sqlite::memory:", 4).contains("store.url"));
        assert!(refusal("postgres://host:none/db", 4).contains("store.url"));
    }

    #[test]
    fn a_database_that_is_down_does_not_keep_the_store_from_opening() {
        assert!(open(&config("postgres://nobody@127.0.0.1:1/nothing", 4)).is_ok());
        assert!(open(&config("sqlite://not/there/yet.db", 4)).is_ok());
    }
}
