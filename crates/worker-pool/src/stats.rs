//! What a pool counts.

use crate::{
    job::Ending,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// What a pool has done and is doing.
///
/// Every job that was ever submitted is in exactly one of `queued`, `running`, `finished`, `panicked` and
/// `dropped`. Each number is right by itself, but they are read one after the other: while jobs move, their sum may be
/// off by the jobs that moved meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolStats {
    /// Workers that exist.
    pub workers: usize,
    /// Jobs that no worker has taken yet, in the lanes and in the channel to the workers.
    pub queued: usize,
    /// Jobs that run.
    pub running: usize,
    /// Jobs that have run to their end.
    pub finished: u64,
    /// Jobs that panicked.
    pub panicked: u64,
    /// Jobs that were dropped unrun because their batch was stopped.
    pub dropped: u64,
}

/// The counters behind [`PoolStats`]. They are plain counts: no decision of the pool rests on them.
#[derive(Default)]
pub(crate) struct PoolCounters {
    workers: AtomicUsize,
    queued: AtomicUsize,
    running: AtomicUsize,
    finished: AtomicU64,
    panicked: AtomicU64,
    dropped: AtomicU64,
}

impl PoolCounters {
    pub(crate) fn worker_started(&self) {
        self.workers.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn worker_ended(&self) {
        self.workers.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn job_queued(&self) {
        self.queued.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn job_started(&self) {
        self.queued.fetch_sub(1, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn job_ended(&self, ending: Ending) {
        self.running.fetch_sub(1, Ordering::Relaxed);
        let ended = match ending {
            Ending::Finished => &self.finished,
            Ending::Panicked => &self.panicked,
        };
        ended.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn jobs_dropped(&self, jobs: usize) {
        self.queued.fetch_sub(jobs, Ordering::Relaxed);
        self.dropped.fetch_add(jobs as u64, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> PoolStats {
        PoolStats {
            workers: self.workers.load(Ordering::Relaxed),
            queued: self.queued.load(Ordering::Relaxed),
            running: self.running.load(Ordering::Relaxed),
            finished: self.finished.load(Ordering::Relaxed),
            panicked: self.panicked.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }
}
