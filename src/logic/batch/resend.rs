//! What the stages know of a batch that its caller may send again.

use std::sync::Arc;

use cleaning::{outcome::Completion, resend_digest::ResendDigest};
use thiserror::Error;

use crate::{logic::ledger::Settlement, svc::BatchLease};

/// A batch that may be sent again. Its lease ends when the last copy is dropped.
#[derive(Clone)]
pub(crate) struct ResendState {
    pub lease: Arc<BatchLease>,
    /// Whether a previous run of the batch is known.
    pub resumes: bool,
    /// How the previous run ended; none if its process died.
    pub ended: Option<Completion>,
}

/// A record of a batch that may be sent again.
pub(crate) struct CheckedRecord {
    pub digest: ResendDigest,
    /// How the previous run settled it, if that is final.
    pub previous: Option<Settlement>,
}

/// Why a resend is refused.
#[derive(Debug, Error)]
pub enum ResendError {
    #[error("the same batch runs now")]
    AlreadyRunning,
    /// The first record, by its index, that differs from the previous run.
    #[error("record {index} differs from the one that was sent before")]
    RecordDiffers { index: u32 },
    #[error("the store cannot tell what became of the previous run")]
    StoreUnavailable,
}
