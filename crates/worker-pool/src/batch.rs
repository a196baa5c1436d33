//! One party of the round robin.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::gate::Gate;
use super::job::drop_catching_panics;
use super::lane::Lane;
use super::scheduler::{BatchKey, LaneQueue};
use super::shared::Shared;
use super::slots::Slots;

/// Jobs that belong together, in lanes. All batches of a pool get the same share of its workers.
///
/// Dropping a batch stops it.
pub struct JobBatch {
    shared: Arc<Shared>,
    key: BatchKey,
    stopped: Arc<AtomicBool>,
}

impl JobBatch {
    pub(super) fn open(shared: &Arc<Shared>) -> Self {
        let key = shared.scheduler().join_batch();
        JobBatch { shared: Arc::clone(shared), key, stopped: Arc::new(AtomicBool::new(false)) }
    }

    /// Opens a lane for jobs that may run only while `gate` lets them in.
    ///
    /// Usually one lane per gate; a batch may well have more. The lanes of a batch share its turns.
    pub fn open_lane(&self, gate: Arc<Gate>) -> Lane {
        let slots = Slots::new(self.shared.queue);
        let key = self.shared.scheduler().join_lane(self.key, gate, slots.clone());
        Lane::new(Arc::clone(&self.shared), key, slots, Arc::clone(&self.stopped))
    }

    /// Starts no further job of this batch: those that wait are dropped unrun, and submitting to its lanes
    /// fails from now on. Jobs that run are left alone.
    ///
    /// The few jobs that wait ready for a worker are dropped by the worker that takes them, that is, maybe
    /// a little later than this returns.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        let queues = self.shared.scheduler().leave_batch(self.key);
        let mut dropped = 0;
        // Outside of the scheduler's lock, for this wakes submitters and runs the jobs' own Drop.
        for job in queues.into_iter().flat_map(LaneQueue::close) {
            drop_catching_panics(job);
            dropped += 1;
        }
        self.shared.counters.jobs_dropped(dropped);
        // A closed pool may have waited for these jobs alone.
        self.shared.wake.notify_one();
    }
}

impl Drop for JobBatch {
    fn drop(&mut self) {
        self.stop();
    }
}
