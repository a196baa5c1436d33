//! Why the store does not serve, said so that whoever reads it in the log knows what to do.

use std::fmt;

/// Why the store does not serve. Holds no data, and nothing of the URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    kind: OutageKind,
    /// How the engine names it.
    detail: String,
}

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutageKind {
    /// Nobody is there, or the connection broke.
    Unreachable,
    /// It takes no more connections.
    Crowded,
    /// User or password is wrong.
    LoginRefused,
    /// The database is not there.
    NoDatabase,
    /// No safe connection: a certificate that has expired or that is not trusted, or a server without TLS.
    Unsafe,
    /// The file cannot be opened.
    CannotOpen,
    /// No room for another row.
    DiskFull,
    /// Reading or writing the disk fails.
    DiskFails,
    /// Only reading is possible.
    ReadOnly,
    /// A table or a column is not there.
    SchemaMissing,
    /// The user may not do it.
    NotPermitted,
    /// What is stored makes no sense any more.
    Damaged,
    /// No answer in time, and what says nothing about the store as a whole.
    Other,
}

impl Outage {
    pub(super) fn new(kind: OutageKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// What is wrong.
    pub fn kind(&self) -> OutageKind {
        self.kind
    }

    /// Whether the store as a whole does not work, whatever the rows. A statement that took too long says
    /// nothing of the kind.
    pub(super) fn is_of_the_store(&self) -> bool {
        self.kind != OutageKind::Other
    }

    /// Whether the engine stood up and said no, so that surely nothing was committed.
    pub(super) fn is_refusal(&self) -> bool {
        use OutageKind::{DiskFull, NotPermitted, ReadOnly, SchemaMissing};
        matches!(self.kind, DiskFull | ReadOnly | SchemaMissing | NotPermitted)
    }
}

impl OutageKind {
    /// What is wrong, and what to do about it.
    fn advice(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Unreachable => ("it cannot be reached", "is it running, and where store.url says?"),
            Self::Crowded => (
                "it takes no more connections",
                "raise its limit, or lower store.max_connections or the replicas",
            ),
            Self::LoginRefused => ("it refuses the user or the password", "correct them in store.url"),
            Self::NoDatabase => ("there is no such database", "create it, or correct store.url"),
            Self::Unsafe => (
                "there is no safe connection to it",
                "renew its certificate, or correct sslmode and sslrootcert in store.url",
            ),
            Self::CannotOpen => (
                "its file cannot be opened",
                "store.url must name a file that this user may create and write",
            ),
            Self::DiskFull => ("its disk is full", "free space there"),
            Self::DiskFails => ("reading or writing its disk fails", "look at the disk and the system's log"),
            Self::ReadOnly => (
                "it is read-only",
                "store.url must name a primary server, or a file and a directory that this user may write",
            ),
            Self::SchemaMissing => (
                "a table or a column is missing",
                "restore it, or let `dataprocessing migrate` make a new one",
            ),
            Self::NotPermitted => ("its user may not do this", "grant the user of store.url the rights"),
            Self::Damaged => ("what it holds is damaged", "restore it from a backup"),
            Self::Other => return None,
        })
    }
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind.advice() {
            Some((wrong, advice)) => write!(f, "{wrong}; {advice}; {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

impl From<&str> for Outage {
    fn from(detail: &str) -> Self {
        Self::new(OutageKind::Other, detail)
    }
}

impl From<String> for Outage {
    fn from(detail: String) -> Self {
        Self::new(OutageKind::Other, detail)
    }
}
