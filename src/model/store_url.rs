//! The address of a store.

use std::{
    borrow::Cow,
    fmt,
    path::{Path, PathBuf},
};

use settings::Setting;

/// The URL of a database: `sqlite://path/of/file.db` or `postgres://user:password@host/database`. Shown with its
/// password masked; messages about a bad one never repeat it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl(String);

impl StoreUrl {
    /// The URL with its password, for the driver only.
    ///
    /// An empty host, as in `postgres://user@/database?host=/socket/directory`, is the socket directory for libpq and an
    /// error for the driver, which knows the same login as parameters.
    pub fn reveal(&self) -> Cow<'_, str> {
        self.without_empty_host().map_or(Cow::Borrowed(&self.0), Cow::Owned)
    }

    /// The part before the first colon.
    pub fn scheme(&self) -> Option<&str> {
        self.0.split_once(':').map(|(scheme, _)| scheme)
    }

    pub fn is_sqlite(&self) -> bool {
        self.scheme() == Some("sqlite")
    }

    /// The file of an SQLite database.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        let (file, _) = self.sqlite_database()?;
        Some(PathBuf::from(file))
    }

    /// The same database, a relative path of its file starting at a directory.
    pub fn within(self, directory: &Path) -> Self {
        let Some((file, parameters)) = self.sqlite_database() else { return self };
        if file.is_empty() || file == ":memory:" || Path::new(file).is_absolute() {
            return self;
        }
        // The path in the URL is percent-encoded, the directory is not.
        let directory = directory.display().to_string().replace('%', "%25").replace('?', "%3F");
        Self(format!("sqlite://{}{parameters}", Path::new(&directory).join(file).display()))
    }

    /// The path of an SQLite file, and what follows it.
    fn sqlite_database(&self) -> Option<(&str, &str)> {
        let database = self.0.strip_prefix("sqlite:")?;
        let database = database.strip_prefix("//").unwrap_or(database);
        Some(database.split_at(database.find('?').unwrap_or(database.len())))
    }

    /// The same URL with its login as parameters, if it has a login and no host.
    fn without_empty_host(&self) -> Option<String> {
        let (scheme, rest) = self.0.split_once("://").filter(|(scheme, _)| *scheme != "sqlite")?;
        let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (login, host) = authority.rsplit_once('@')?;
        let port = match host.strip_prefix(':') {
            None if host.is_empty() => "",
            port => port?,
        };
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (database, query) = rest.split_once('?').unwrap_or((rest, ""));
        let database = if database.is_empty() { "/" } else { database };
        // In a parameter, other than in a login, these have a meaning.
        let encoded = |text: &str| text.replace('&', "%26").replace('+', "%2B");
        let login = [("user", encoded(user)), ("password", encoded(password)), ("port", port.to_owned())];
        let given =
            login.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| format!("{key}={value}"));
        let query = given.chain((!query.is_empty()).then(|| query.to_owned())).collect::<Vec<_>>().join("&");
        Some(format!("{scheme}://{database}?{query}"))
    }
}

impl<T: Into<String>> From<T> for StoreUrl {
    fn from(url: T) -> Self {
        Self(url.into())
    }
}

impl Setting for StoreUrl {
    fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sqlite", rest)) if !rest.trim_start_matches('/').is_empty() => Ok(Self(text.into())),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => Ok(Self(text.into())),
            Some(("sqlite", _)) => Err("names no file, as sqlite://data/dataprocessing.db".into()),
            Some(("postgres" | "postgresql", _)) => Err("names no host, as postgres://HOST/DATABASE".into()),
            _ => Err("is neither a sqlite:// nor a postgres:// URL".into()),
        }
    }

    fn written(&self) -> String {
        self.0.clone()
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
            ("postgres://me:secret@/db?host=/run/pg", "postgres://me:***@/db?host=/run/pg"),
            ("sqlite://data/dataprocessing.db", "sqlite://data/dataprocessing.db"),
        ] {
            assert_eq!(StoreUrl::from(url).to_string(), shown);
            assert_eq!(format!("{:?}", StoreUrl::from(url)), format!("\"{shown}\""));
        }
    }

    fn within(url: &str, directory: &str) -> String {
        StoreUrl::parse(url).expect("a store URL").within(Path::new(directory)).0
    }

    #[test]
    fn a_relative_file_starts_at_the_directory() {
        assert_eq!(within("sqlite://data/a.db", "/etc/dp"), "sqlite:///etc/dp/data/a.db");
        assert_eq!(within("sqlite:a.db?mode=rwc", "conf"), "sqlite://conf/a.db?mode=rwc");
        assert_eq!(within("sqlite://a.db", "100%"), "sqlite://100%25/a.db");
    }

    #[test]
    fn what_has_no_relative_file_stays_as_it_is() {
        for url in ["sqlite:///var/a.db", "sqlite::memory:", "sqlite://:memory:", "postgres://host/db"] {
            assert_eq!(within(url, "conf"), url);
        }
    }

    #[test]
    fn other_engines_are_refused_without_repeating_the_url() {
        for wrong in ["", "mysql://user:hunter2@host/db", "postgres:db", "sqlite://", "data/a.db"] {
            let message = StoreUrl::parse(wrong).expect_err("refused");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn an_empty_host_leaves_the_login_to_parameters() {
        for (url, revealed) in [
            ("postgres://me@/db?host=/run/pg", "postgres:///db?user=me&host=/run/pg"),
            ("postgresql://me:a+b%40c&d@/db", "postgresql:///db?user=me&password=a%2Bb%40c%26d"),
            ("postgres://me@:5433/db?host=/run/pg", "postgres:///db?user=me&port=5433&host=/run/pg"),
            ("postgres://me@?host=/run/pg", "postgres:///?user=me&host=/run/pg"),
        ] {
            assert_eq!(StoreUrl::from(url).reveal(), revealed);
        }
        for url in
            ["postgres:///db?host=/run/pg", "postgres://me@host/db", "postgres://host:1/db", "sqlite://a@/b"]
        {
            assert_eq!(StoreUrl::from(url).reveal(), url);
        }
    }
}
