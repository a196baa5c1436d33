//! The store's section of the configuration.

use std::time::Duration;

use super::StoreUrl;

/// Where and how the store writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The database; its scheme chooses the engine.
    pub url: StoreUrl,
    /// The maximum number of connections, at least 3. One is for health checks and one for reads; PostgreSQL writes on up
    /// to two others, SQLite on one.
    pub max_connections: u32,
    /// The maximum number of rows in one transaction.
    pub chunk_rows: usize,
    /// How long a row waits for others to share its transaction.
    pub linger: Duration,
    /// How long batches are kept after they have ended.
    pub keep_results: Duration,
}
