//! Why the store does not work, in words that tell the reader of the log what to do.

use std::fmt;

/// Why the store does not work. Holds no patient data, and nothing of the URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    kind: OutageKind,
    /// The engine's own code or name of it.
    detail: String,
}

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutageKind {
    /// The server does not answer, or the connection broke.
    Unreachable,
    TooManyConnections,
    /// The user or the password is wrong.
    LoginRefused,
    DatabaseMissing,
    /// A certificate that has expired or is not trusted, or a server without TLS.
    InsecureConnection,
    /// The file of the database cannot be opened.
    CannotOpen,
    DiskFull,
    /// Reading or writing fails.
    DiskError,
    ReadOnly,
    /// A table or a column is missing.
    SchemaMissing,
    /// The user of the database lacks a right.
    PermissionDenied,
    /// What is stored is not a valid database any more.
    Corrupted,
    /// No answer in time, and everything that says nothing about the store as a whole.
    Other,
}

impl Outage {
    pub(super) fn new(kind: OutageKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    pub fn kind(&self) -> OutageKind {
        self.kind
    }

    /// Whether the store as a whole does not work, whatever the rows. A statement that took too long does not show that.
    pub(super) fn is_of_the_store(&self) -> bool {
        self.kind != OutageKind::Other
    }

    /// Whether the engine answered with a refusal, so that certainly nothing was committed.
    pub(super) fn is_refusal(&self) -> bool {
        use OutageKind::{DiskFull, PermissionDenied, ReadOnly, SchemaMissing};
        matches!(self.kind, DiskFull | ReadOnly | SchemaMissing | PermissionDenied)
    }
}

impl OutageKind {
    /// What is wrong, and what to do about it.
    fn advice(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Unreachable => ("it cannot be reached", "check that it runs where store.url says"),
            Self::TooManyConnections => (
                "it takes no more connections",
                "raise its limit, or lower store.max_connections or the replicas",
            ),
            Self::LoginRefused => ("it refuses the user or the password", "correct them in store.url"),
            Self::DatabaseMissing => ("there is no such database", "create it, or correct store.url"),
            Self::InsecureConnection => (
                "there is no secure connection to it",
                "renew its certificate, or correct sslmode and sslrootcert in store.url",
            ),
            Self::CannotOpen => (
                "its file cannot be opened",
                "store.url must name a file that this user may create and write",
            ),
            Self::DiskFull => ("its disk is full", "free space there"),
            Self::DiskError => ("reading or writing its disk fails", "check the disk and the system log"),
            Self::ReadOnly => (
                "it is read-only",
                "store.url must name a primary server, or a file and a directory that this user may write",
            ),
            Self::SchemaMissing => {
                ("a table or a column is missing", "restore it, or create it with `dataprocessing migrate`")
            }
            Self::PermissionDenied => {
                ("its user lacks a right", "grant the user of store.url the rights that it needs")
            }
            Self::Corrupted => ("its data is corrupted", "restore it from a backup"),
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
