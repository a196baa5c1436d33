//! What a store is built from.

use std::{fmt, time::Duration};

/// Where patients are stored, and how.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    /// The engine and the database: `sqlite:`, `postgres:` or `postgresql:`. May hold a password.
    pub url: String,
    /// Connections in all.
    pub max_connections: u32,
    /// Most rows in one transaction.
    pub chunk_rows: usize,
    /// How long a row may wait for others to share its transaction.
    pub linger: Duration,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("Config")
            .field("url", &format_args!("{scheme}:***"))
            .field("max_connections", &self.max_connections)
            .field("chunk_rows", &self.chunk_rows)
            .field("linger", &self.linger)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let config = Config {
            url: "postgres://user:hunter2@host/db".into(),
            max_connections: 4,
            chunk_rows: 500,
            linger: Duration::from_millis(50),
        };
        let shown = format!("{config:?}");
        assert!(shown.contains("postgres:***") && !shown.contains("hunter2"), "{shown}");
    }
}
