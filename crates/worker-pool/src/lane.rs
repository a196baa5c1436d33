//! How jobs get into a pool.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    job::{Job, JobFuture},
    scheduler::{LaneKey, Turn},
    shared::Shared,
    slots::{Closed, Slots},
    sync::atomic::AtomicBool,
};

/// The jobs of one batch behind one gate, dispatched in the order in which they were submitted.
///
/// Jobs that are queued when their lane is dropped still run; stopping or dropping the batch drops them.
pub struct Lane {
    shared: Arc<Shared>,
    /// `None` if the batch had been stopped before the lane was opened.
    key: Option<LaneKey>,
    slots: Slots,
    stopped: Arc<AtomicBool>,
}

impl Lane {
    pub(crate) fn new(
        shared: Arc<Shared>,
        key: Option<LaneKey>,
        slots: Slots,
        stopped: Arc<AtomicBool>,
    ) -> Self {
        Self { shared, key, slots, stopped }
    }

    /// Queues a job, after waiting for a free slot of the lane if need be.
    ///
    /// Cancelling the wait drops the job unrun and changes nothing else.
    ///
    /// # Errors
    ///
    /// [`Closed`] if the batch has been stopped or the pool closed, before or while this waits. The job is dropped
    /// unrun.
    pub fn submit(
        &self,
        job: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = Result<(), Closed>> + Send {
        // Boxed before the wait, so that a large job is moved once and the wait stays small.
        self.queue(Box::pin(job))
    }

    /// Queues a job that does not run before a moment, and then goes first. It takes no slot of the lane, so this
    /// does not wait: a running job can submit the rest of its work and return, which frees its worker meanwhile.
    ///
    /// # Errors
    ///
    /// [`Closed`] if the batch has been stopped or the pool closed. The job is dropped unrun.
    pub fn submit_after(
        &self,
        moment: Instant,
        job: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Closed> {
        let key = self.key.ok_or(Closed)?;
        let job = Job { future: Box::pin(job), slot: None, stopped: Arc::clone(&self.stopped) };
        self.shared.push(key, job, Turn::NotBefore(moment)).map_err(|_refused| Closed)
    }

    async fn queue(&self, future: JobFuture) -> Result<(), Closed> {
        let key = self.key.ok_or(Closed)?;
        let slot = Some(self.slots.take().await?);
        let job = Job { future, slot, stopped: Arc::clone(&self.stopped) };
        self.shared.push(key, job, Turn::Fifo).map_err(|_refused| Closed)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.shared.scheduler().release_lane(key);
        }
    }
}
