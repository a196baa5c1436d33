//! What the parts of a pool have in common.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::job::Job;
use super::scheduler::Turn;
use super::scheduler::{LaneKey, Scheduler};
use super::stats::Counters;

/// The state of a pool, shared by its tasks, batches and lanes.
pub(super) struct Shared {
    scheduler: Mutex<Scheduler<Job>>,
    /// Wakes the dispatcher. Whoever changes what it may find calls `notify_one` after the change: a job
    /// was queued, a gate was left, jobs were dropped, the scheduler was closed. It keeps one call in mind, so
    /// none is lost while the dispatcher is awake.
    pub(super) wake: Notify,
    pub(super) counters: Counters,
    /// Places in the channel to the workers, and in each lane.
    pub(super) queue: usize,
}

impl Shared {
    pub(super) fn new(queue: usize) -> Self {
        Shared {
            scheduler: Mutex::new(Scheduler::new()),
            wake: Notify::new(),
            counters: Counters::default(),
            queue,
        }
    }

    /// Locks the scheduler: to choose or to change a few entries, never across an await.
    pub(super) fn scheduler(&self) -> MutexGuard<'_, Scheduler<Job>> {
        // The scheduler runs no foreign code, so a panic elsewhere cannot have left it half changed.
        self.scheduler.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job and wakes the dispatcher; gives the job back if none is taken any more.
    pub(super) fn push(&self, lane: LaneKey, job: Job, turn: Turn) -> Result<(), Job> {
        let mut scheduler = self.scheduler();
        scheduler.push(lane, job, turn)?;
        // Counted under the lock: a worker that takes the job off the count must find it there.
        self.counters.job_queued();
        drop(scheduler);
        self.wake.notify_one();
        Ok(())
    }
}
