//! A bounded number of slots for queued jobs, in a lane or in the channel to the workers.

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// No job can be submitted any more: the batch was stopped or dropped, or the pool was closed. The job
/// that was to be submitted has been dropped unrun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the batch or the pool takes no more jobs")]
pub struct Closed;

/// The slots of one queue.
#[derive(Clone)]
pub(super) struct Slots {
    slots: Arc<Semaphore>,
}

/// One slot of a [`Slots`]; a queued job occupies it. Dropping it lets in whoever has waited longest.
pub(super) type SlotPermit = OwnedSemaphorePermit;

impl Slots {
    pub(super) fn new(slots: usize) -> Self {
        Slots { slots: Arc::new(Semaphore::new(slots)) }
    }

    /// Waits for a free slot. Dropping the wait gives up nothing but the position in line.
    pub(super) async fn take(&self) -> Result<SlotPermit, Closed> {
        Arc::clone(&self.slots).acquire_owned().await.map_err(|_| Closed)
    }

    /// Turns away everybody who waits for a slot or will ask for one.
    pub(super) fn close(&self) {
        self.slots.close();
    }
}
