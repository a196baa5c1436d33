//! What became of a record, why a batch ended, and why a record failed.

use crate::named_enum::named_enum;

mod counts;
mod failure;

pub use counts::OutcomeCounts;
pub use failure::Failure;

named_enum! {
    /// What became of one record. Every record of a batch ends as exactly one of these.
    pub enum Outcome {
        /// Inserted or changed, and committed: readable after a crash.
        Stored = "stored",
        /// The same content was there already.
        Unchanged = "unchanged",
        /// A newer version of the patient is stored.
        Stale = "stale",
        /// Another record of the batch is the same patient, wins, and is committed.
        Superseded = "superseded",
        /// With `validate_only`: it would have been stored.
        Valid = "valid",
        /// The data is wrong.
        Rejected = "rejected",
        /// A dependency failed or timed out, or a bug; the data may be fine.
        Failed = "failed",
        /// Never started.
        NotAttempted = "not_attempted",
    }
}

impl Outcome {
    pub const COUNT: usize = Self::ALL.len();

    /// Whether the data or the store has decided: sending the record again would change nothing.
    pub fn is_settled_for_good(self) -> bool {
        !matches!(self, Self::Failed | Self::NotAttempted)
    }

    /// Whether the record needs no attention.
    pub fn needs_no_attention(self) -> bool {
        matches!(self, Self::Stored | Self::Unchanged | Self::Valid)
    }
}

named_enum! {
    /// Why a batch ended.
    pub enum Completion {
        /// Every record was attempted.
        Complete = "complete",
        /// The deadline was near.
        Deadline = "deadline",
        /// The caller went away.
        Cancelled = "cancelled",
        /// The process is shutting down and the drain limit was reached.
        Drained = "drained",
        /// Too much of it was rejected.
        Aborted = "aborted",
    }
}

#[cfg(test)]
mod tests;
