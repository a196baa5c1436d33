//! The store's section of the configuration.

use std::{fmt, time::Duration};

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

/// The URL of a database: `sqlite://path/of/file.db` or `postgres://user:password@host/database`. Shown
/// with its password masked.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl(String);

impl StoreUrl {
    /// The URL with its password, for the driver only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What stands before the first colon.
    pub fn scheme(&self) -> Option<&str> {
        self.0.split_once(':').map(|(scheme, _)| scheme)
    }
}

impl<T: Into<String>> From<T> for StoreUrl {
    fn from(url: T) -> Self {
        Self(url.into())
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, query) = match self.0.split_once('?') {
            Some((address, query)) => (address, Some(query)),
            None => (self.0.as_str(), None),
        };
        write_address(f, address)?;
        let Some(query) = query else { return Ok(()) };
        for (place, parameter) in query.split('&').enumerate() {
            let masked = if parameter.starts_with("password=") { "password=***" } else { parameter };
            write!(f, "{}{masked}", if place == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

/// The password runs from the first colon of the authority to its last `@`: one that was not
/// percent-encoded may hold an `@` itself.
fn write_address(f: &mut fmt::Formatter<'_>, address: &str) -> fmt::Result {
    let parts = address.split_once("://").and_then(|(scheme, rest)| {
        let (account, host) = rest.rsplit_once('@')?;
        let (user, _) = account.split_once(':')?;
        Some((scheme, user, host))
    });
    match parts {
        Some((scheme, user, host)) => write!(f, "{scheme}://{user}:***@{host}"),
        None => f.write_str(address),
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://me:secret@host:5432/db", "postgres://me:***@host:5432/db"),
            ("postgres://me:sec@ret@host/db", "postgres://me:***@host/db"),
            ("postgres://host/db?user=me&password=secret&a=b", "postgres://host/db?user=me&password=***&a=b"),
            ("postgres://me@host/db", "postgres://me@host/db"),
            ("sqlite://data/dataprocessing.db", "sqlite://data/dataprocessing.db"),
        ] {
            assert_eq!(StoreUrl::from(url).to_string(), shown);
            assert_eq!(format!("{:?}", StoreUrl::from(url)), format!("\"{shown}\""));
        }
    }
}
