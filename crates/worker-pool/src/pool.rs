//! The pool: its workers, from their start to their end.

use std::sync::Arc;

use tokio_util::task::TaskTracker;

use crate::{
    batch::JobBatch,
    config::{PoolConfig, PoolError},
    dispatcher::dispatch,
    shared::Shared,
    slots::Slots,
    stats::PoolStats,
    worker::Worker,
};

/// A fixed set of workers that runs the jobs of all batches, each batch getting the same share of them.
///
/// A pool that is dropped without [`close`](Self::close) refuses new jobs and runs the queued ones, but nothing waits
/// for its tasks.
pub struct Pool {
    shared: Arc<Shared>,
    tasks: TaskTracker,
}

impl Pool {
    /// Starts the workers and their dispatcher on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// [`PoolError`] if the pool could never run a job: without workers, or without a slot to wait for one.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn start(config: &PoolConfig) -> Result<Arc<Self>, PoolError> {
        config.check()?;
        let shared = Arc::new(Shared::new(config.queue));
        let tasks = TaskTracker::new();
        let (ready, jobs) = async_channel::bounded(config.queue);
        tasks.spawn(dispatch(Arc::clone(&shared), ready));
        for _ in 0..config.workers {
            tasks.spawn(Worker::new(Arc::clone(&shared), jobs.clone()).run());
        }
        Ok(Arc::new(Self { shared, tasks }))
    }

    /// Opens a batch: one party of the round robin, however many lanes it has.
    pub fn open_batch(&self) -> JobBatch {
        JobBatch::open(&self.shared)
    }

    /// Refuses new jobs, runs those that are queued, and returns when the dispatcher and every worker have ended.
    ///
    /// It waits as long as the jobs take. To end sooner, stop the batches first, and let the jobs watch for a
    /// cancellation of their own. A job must not await this: it would wait for itself.
    ///
    /// It may be called several times and is cancel safe; each call waits for the end.
    pub async fn close(&self) {
        self.refuse_new_jobs();
        self.tasks.wait().await;
    }

    /// How many jobs of the channel to the workers run before one that is submitted now; `None` while a worker is free.
    pub fn jobs_ahead(&self) -> Option<usize> {
        let PoolStats { workers, queued, running, .. } = self.stats();
        (running >= workers).then(|| queued.min(self.shared.queue))
    }

    /// What the pool has done and is doing.
    pub fn stats(&self) -> PoolStats {
        self.shared.counters.read()
    }

    fn refuse_new_jobs(&self) {
        let slots = self.shared.scheduler().close();
        // Outside of the scheduler's lock: closing slots wakes the submitters that wait for one.
        slots.iter().for_each(Slots::close);
        self.shared.wake.notify_one();
        self.tasks.close();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.refuse_new_jobs();
    }
}
