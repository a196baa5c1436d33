//! The address of a store.

use std::path::Path;

use settings::Setting;

/// A URL that names an engine and a database. Messages about it never repeat it, for it may hold a
/// password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct StoreUrl(String);

impl StoreUrl {
    pub(super) fn into_string(self) -> String {
        self.0
    }

    pub(super) fn is_sqlite(&self) -> bool {
        self.0.starts_with("sqlite:")
    }

    /// The same database with a relative path of its file starting at a directory.
    pub(super) fn within(self, directory: &Path) -> String {
        let Some(database) = self.0.strip_prefix("sqlite:") else { return self.0 };
        let database = database.strip_prefix("//").unwrap_or(database);
        let (file, parameters) = match database.split_once('?') {
            Some((file, parameters)) => (file, format!("?{parameters}")),
            None => (database, String::new()),
        };
        if file.is_empty() || file == ":memory:" || Path::new(file).is_absolute() {
            return self.0;
        }
        // The path in the URL is percent-encoded, the directory is not.
        let directory = directory.display().to_string().replace('%', "%25").replace('?', "%3F");
        format!("sqlite://{}{parameters}", Path::new(&directory).join(file).display())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn within(url: &str, directory: &str) -> String {
        StoreUrl::parse(url).expect("a store URL").within(Path::new(directory))
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
            let message = StoreUrl::parse(wrong).err().expect("refused");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
