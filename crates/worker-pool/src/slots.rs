//! A bounded number of slots for queued jobs, in a lane or in the channel to the workers.

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The batch was stopped or dropped, or the pool was closed: no more jobs are accepted. The job that was to be
/// submitted has been dropped unrun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the batch or the pool takes no more jobs")]
pub struct Closed;

/// The slots of one queue.
#[derive(Clone)]
pub(crate) struct Slots(Arc<Semaphore>);

/// A slot that a queued job occupies. Dropping it admits the submitter that has waited longest.
pub(crate) type SlotPermit = OwnedSemaphorePermit;

impl Slots {
    pub(crate) fn new(slots: usize) -> Self {
        Self(Arc::new(Semaphore::new(slots)))
    }

    /// Waits for a free slot. Cancel safe; cancelling loses the position in the queue.
    pub(crate) async fn take(&self) -> Result<SlotPermit, Closed> {
        Arc::clone(&self.0).acquire_owned().await.map_err(|_| Closed)
    }

    /// Refuses a slot to all who wait for one and to all later ones.
    pub(crate) fn close(&self) {
        self.0.close();
    }
}
