//! Runs jobs, one after the other.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_channel::Receiver;
use tokio::task::coop;

use super::job::{self, Dispatched, Job, JobFuture};
use super::shared::Shared;

/// One worker of a pool; counted for as long as it exists.
pub(super) struct Worker {
    shared: Arc<Shared>,
    jobs: Receiver<Dispatched>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, jobs: Receiver<Dispatched>) -> Self {
        shared.counters.worker_came();
        Worker { shared, jobs }
    }

    /// Runs jobs until the channel is closed and empty.
    pub(super) async fn work(self) {
        while let Ok(dispatched) = self.jobs.recv().await {
            self.serve(dispatched).await;
            // Neither the channel nor a short job ever gives way to the other tasks of this thread.
            coop::consume_budget().await;
        }
    }

    async fn serve(&self, dispatched: Dispatched) {
        let Dispatched { job: Job { work, slot, stopped }, permit } = dispatched;
        drop(slot);
        if stopped.load(Ordering::Acquire) {
            job::drop_catching_panics(work);
            self.shared.counters.jobs_dropped(1);
        } else {
            self.run(work).await;
        }
        drop(permit);
        // The dispatcher may have passed over the lanes behind this gate.
        self.shared.wake.notify_one();
    }

    async fn run(&self, work: JobFuture) {
        self.shared.counters.job_started();
        let ending = job::run(work).await;
        self.shared.counters.job_ended(ending);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.counters.worker_went();
    }
}
