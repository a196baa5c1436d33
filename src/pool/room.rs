//! A bounded number of places for queued jobs, in a lane or in the channel to the workers.

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// No job can be submitted any more: the batch was stopped or dropped, or the pool was closed. The job
/// that was to be submitted has been dropped unrun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the batch or the pool takes no more jobs")]
pub struct Closed;

/// The places of one queue.
#[derive(Clone)]
pub(super) struct Room {
    places: Arc<Semaphore>,
}

/// One place of a [`Room`]; a queued job occupies it. Dropping it lets in whoever has waited longest.
pub(super) type Place = OwnedSemaphorePermit;

impl Room {
    pub(super) fn new(places: usize) -> Self {
        Room { places: Arc::new(Semaphore::new(places)) }
    }

    /// Waits for a free place. Dropping the wait gives up nothing but the position in line.
    pub(super) async fn take(&self) -> Result<Place, Closed> {
        Arc::clone(&self.places).acquire_owned().await.map_err(|_| Closed)
    }

    /// Turns away everybody who waits for a place or will ask for one.
    pub(super) fn close(&self) {
        self.places.close();
    }
}
