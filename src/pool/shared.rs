//! What the parts of a pool have in common.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::job::Job;
use super::ring::Turn;
use super::ring::{LaneKey, Ring};
use super::stats::Counters;

/// The state of a pool, shared by its tasks, batches and lanes.
pub(super) struct Shared {
    ring: Mutex<Ring<Job>>,
    /// Wakes the dispatcher. Whoever changes what it may find calls `notify_one` after the change: a job
    /// was queued, a gate was left, jobs were dropped, the ring was closed. It keeps one call in mind, so
    /// none is lost while the dispatcher is awake.
    pub(super) wake: Notify,
    pub(super) counters: Counters,
    /// Places in the channel to the workers, and in each lane.
    pub(super) queue: usize,
}

impl Shared {
    pub(super) fn new(queue: usize) -> Self {
        Shared { ring: Mutex::new(Ring::new()), wake: Notify::new(), counters: Counters::default(), queue }
    }

    /// Locks the ring: to choose or to change a few entries, never across an await.
    pub(super) fn ring(&self) -> MutexGuard<'_, Ring<Job>> {
        // The ring runs no foreign code, so a panic elsewhere cannot have left it half changed.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job and wakes the dispatcher; gives the job back if none is taken any more.
    pub(super) fn push(&self, lane: LaneKey, job: Job, turn: Turn) -> Result<(), Job> {
        let mut ring = self.ring();
        ring.push(lane, job, turn)?;
        // Counted under the lock: a worker that takes the job off the count must find it there.
        self.counters.job_queued();
        drop(ring);
        self.wake.notify_one();
        Ok(())
    }
}
