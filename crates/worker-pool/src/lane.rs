//! The way in for jobs.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::time::Instant;

use super::job::{Job, JobFuture};
use super::scheduler::{LaneKey, Turn};
use super::shared::Shared;
use super::slots::{Closed, Slots};

/// The jobs of one batch behind one gate, dispatched in the order in which they were submitted.
///
/// A lane is owned by whoever feeds it. The jobs that it holds when it is dropped are still run; stopping
/// or dropping the batch drops them.
pub struct Lane {
    shared: Arc<Shared>,
    /// `None` if the batch had been stopped before the lane was opened.
    key: Option<LaneKey>,
    slots: Slots,
    stopped: Arc<AtomicBool>,
}

impl Lane {
    pub(super) fn new(
        shared: Arc<Shared>,
        key: Option<LaneKey>,
        slots: Slots,
        stopped: Arc<AtomicBool>,
    ) -> Self {
        Lane { shared, key, slots, stopped }
    }

    /// Queues a job, once the lane has a free slot: it holds as many jobs as the pool's `queue`.
    ///
    /// Dropping the wait drops the job unrun and changes nothing else.
    ///
    /// # Errors
    ///
    /// [`Closed`] if the batch has been stopped or the pool closed, before or while this waits. The job
    /// has then been dropped unrun.
    pub fn submit(
        &self,
        job: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = Result<(), Closed>> + Send {
        // Boxed before the wait, so that a large job is moved once and the wait stays small.
        self.queue(Box::pin(job))
    }

    /// Queues a job that is not to run before a moment, and then goes first. It takes no slot of the lane, so
    /// this does not wait: whoever runs a job may put off what is left of it and give the worker free.
    ///
    /// # Errors
    ///
    /// As for [`submit`](Lane::submit).
    pub fn submit_after(
        &self,
        until: Instant,
        job: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Closed> {
        let key = self.key.ok_or(Closed)?;
        let job = Job { work: Box::pin(job), slot: None, stopped: Arc::clone(&self.stopped) };
        self.shared.push(key, job, Turn::NotBefore(until)).map_err(|_refused| Closed)
    }

    async fn queue(&self, work: JobFuture) -> Result<(), Closed> {
        let key = self.key.ok_or(Closed)?;
        let slot = Some(self.slots.take().await?);
        let job = Job { work, slot, stopped: Arc::clone(&self.stopped) };
        self.shared.push(key, job, Turn::Fifo).map_err(|_refused| Closed)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.shared.scheduler().leave_lane(key);
        }
    }
}
