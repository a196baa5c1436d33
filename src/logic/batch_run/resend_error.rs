//! Why a resend is refused.

use thiserror::Error;

/// Why a resend is refused.
#[derive(Debug, Error)]
pub enum ResendError {
    /// The same batch runs now.
    #[error("the same batch runs now")]
    AlreadyRunning,
    /// A record differs from the one that the previous run had at its position.
    #[error("record {index} differs from the one that was sent before")]
    RecordDiffers {
        /// Position of the first such record in the batch.
        index: u32,
    },
    /// The store cannot tell what became of the previous run.
    #[error("the store cannot tell what became of the previous run")]
    StoreUnavailable,
}
