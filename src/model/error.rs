//! Why the store did not do what it was asked to do.

use super::Outage;

/// Why the store did not do what it was asked to do. The texts hold no patient data.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data of at least one row is refused; the same rows would be refused again.
    #[error("the store refuses the data ({0})")]
    Data(String),
    /// A fault that passes: deadlock, serialization failure, lock timeout. Nothing was written.
    #[error("the store is busy ({0})")]
    Transient(String),
    /// The store cannot be reached or does not work. Nothing was written.
    #[error("the store is not available ({0})")]
    Unavailable(Outage),
    /// The store has been failing for a while, and another caller probes it. Nothing was written.
    #[error("the store has been failing for a while and was not tried")]
    NotTried,
    /// The commit was sent, and its answer never came.
    #[error("the store did not answer a commit ({0})")]
    OutcomeUnknown(Outage),
    /// The configuration of the store cannot work.
    #[error("{0}")]
    Configuration(String),
}
