//! What the store made of a row.

use cleaning::{issue::Issue, rules};

use super::Overwritten;

/// What the store made of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The patient was inserted or changed, and committed.
    Stored {
        /// Index of a record of the same batch that was stored before and lost to this one.
        replaced: Option<u32>,
        /// What the batch has overwritten of the identity of a patient that was known before.
        overwritten: Overwritten,
    },
    /// The same content was stored already.
    Unchanged,
    /// A newer record of the patient is stored.
    Stale,
    /// Another record of the batch is the same patient, wins, and is committed.
    Superseded,
    /// The settled outcome was written.
    Recorded,
    /// The store refuses the data of this row.
    Refused,
    /// The store could not be reached, or had no time left: nothing of the row was written.
    Unavailable,
    /// The transaction was sent, and its answer never came.
    Unknown,
}

impl Written {
    /// The issues that the store has found. They are stored with the record's own; the caller of the store reports
    /// them.
    pub fn issues(self) -> impl Iterator<Item = Issue> {
        let (overwritten, stale) = match self {
            Self::Stored { overwritten, .. } => (overwritten, None),
            Self::Stale => (Overwritten::NOTHING, Some(rules::RECORD_OLDER_THAN_STORED.issue(None))),
            _ => (Overwritten::NOTHING, None),
        };
        overwritten.issues().chain(stale)
    }
}
