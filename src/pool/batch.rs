//! One party of the round robin.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::gate::Gate;
use super::job::drop_contained;
use super::lane::Lane;
use super::ring::{BatchKey, Queue};
use super::room::Room;
use super::shared::Shared;

/// Jobs that belong together, in lanes. All batches of a pool get the same share of its workers.
///
/// Dropping a batch stops it.
pub struct Batch {
    shared: Arc<Shared>,
    key: BatchKey,
    stopped: Arc<AtomicBool>,
}

impl Batch {
    pub(super) fn join(shared: &Arc<Shared>) -> Self {
        let key = shared.ring().join_batch();
        Batch { shared: Arc::clone(shared), key, stopped: Arc::new(AtomicBool::new(false)) }
    }

    /// Opens a lane for jobs that may run only while `gate` lets them in.
    ///
    /// Usually one lane per gate; a batch may well have more. The lanes of a batch share its turns.
    pub fn lane(&self, gate: Arc<Gate>) -> Lane {
        let room = Room::new(self.shared.queue);
        let key = self.shared.ring().join_lane(self.key, gate, room.clone());
        Lane::new(Arc::clone(&self.shared), key, room, Arc::clone(&self.stopped))
    }

    /// Starts no further job of this batch: those that wait are dropped unrun, and submitting to its lanes
    /// fails from now on. Jobs that run are left alone.
    ///
    /// The few jobs that wait ready for a worker are dropped by the worker that takes them, that is, maybe
    /// a little later than this returns.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        let queues = self.shared.ring().leave_batch(self.key);
        let mut dropped = 0;
        // Outside of the ring's lock, for this wakes submitters and runs the jobs' own Drop.
        for job in queues.into_iter().flat_map(Queue::close) {
            drop_contained(job);
            dropped += 1;
        }
        self.shared.counters.jobs_dropped(dropped);
        // A closed pool may have waited for these jobs alone.
        self.shared.wake.notify_one();
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.stop();
    }
}
