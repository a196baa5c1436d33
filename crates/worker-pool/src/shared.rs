//! The state that the parts of a pool share.

use std::sync::PoisonError;

use tokio::sync::Notify;

use crate::{
    job::Job,
    scheduler::{LaneKey, Scheduler, Turn},
    stats::PoolCounters,
    sync::{Mutex, MutexGuard},
};

/// The state of a pool, shared by its tasks, batches and lanes.
pub(crate) struct Shared {
    scheduler: Mutex<Scheduler<Job>>,
    /// Wakes the dispatcher. Code that changes what it may find calls `notify_one` after the change: a job was
    /// queued, a gate was left, jobs were dropped, the scheduler was closed. One call is remembered, so none is
    /// lost while the dispatcher is awake.
    pub(crate) wake: Notify,
    pub(crate) counters: PoolCounters,
    /// Slots of the channel to the workers, and of each lane.
    pub(crate) queue: usize,
}

impl Shared {
    pub(crate) fn new(queue: usize) -> Self {
        Self { scheduler: Mutex::default(), wake: Notify::new(), counters: PoolCounters::default(), queue }
    }

    /// Locks the scheduler: to choose or to change a few entries, never across an await.
    pub(crate) fn scheduler(&self) -> MutexGuard<'_, Scheduler<Job>> {
        // The scheduler runs no user code, so a panic elsewhere cannot have left it half changed.
        self.scheduler.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job and wakes the dispatcher; returns the job if the lane takes no more.
    pub(crate) fn push(&self, lane: LaneKey, job: Job, turn: Turn) -> Result<(), Job> {
        let mut scheduler = self.scheduler();
        scheduler.push(lane, job, turn)?;
        // Counted under the lock: a worker that takes the job off the count must find it there.
        self.counters.job_queued();
        drop(scheduler);
        self.wake.notify_one();
        Ok(())
    }
}
