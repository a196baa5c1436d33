//! One party of the round robin.

use std::sync::Arc;

use crate::{
    gate::Gate,
    job::drop_catching_panics,
    lane::Lane,
    scheduler::{LaneQueue, PoolBatchKey},
    shared::Shared,
    slots::Slots,
    sync::atomic::{AtomicBool, Ordering},
};

/// Jobs that belong together, in lanes. All batches of a pool get the same share of its workers.
///
/// Dropping a batch stops it.
pub struct JobBatch {
    shared: Arc<Shared>,
    key: PoolBatchKey,
    stopped: Arc<AtomicBool>,
}

impl JobBatch {
    pub(crate) fn open(shared: &Arc<Shared>) -> Self {
        let key = shared.scheduler().add_batch();
        Self { shared: Arc::clone(shared), key, stopped: Arc::new(AtomicBool::new(false)) }
    }

    /// Opens a lane for jobs that may run only while `gate` is open.
    ///
    /// Usually one lane per gate, but a batch may have more. The lanes of a batch share its turns.
    pub fn open_lane(&self, gate: Arc<Gate>) -> Lane {
        let slots = Slots::new(self.shared.queue);
        let key = self.shared.scheduler().add_lane(self.key, gate, slots.clone());
        Lane::new(Arc::clone(&self.shared), key, slots, Arc::clone(&self.stopped))
    }

    /// Starts no further job of this batch: queued jobs are dropped unrun, and submitting to its lanes fails from now
    /// on. Running jobs are not interrupted.
    ///
    /// The jobs in the channel to the workers are dropped by the workers that take them, so perhaps a little after
    /// this has returned.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        let queues = self.shared.scheduler().remove_batch(self.key);
        let mut dropped = 0;
        // Outside of the scheduler's lock: this wakes submitters and runs the jobs' own Drop.
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
