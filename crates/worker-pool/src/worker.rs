//! Runs jobs, one after the other.

use std::sync::Arc;

use async_channel::Receiver;
use tokio::task::coop;

use crate::{
    job::{self, Dispatched, Job, JobFuture},
    shared::Shared,
    sync::atomic::Ordering,
};

/// One worker of a pool; counted for as long as it exists.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    jobs: Receiver<Dispatched>,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, jobs: Receiver<Dispatched>) -> Self {
        shared.counters.worker_started();
        Self { shared, jobs }
    }

    /// Runs jobs until the channel is closed and empty.
    pub(crate) async fn run(self) {
        while let Ok(dispatched) = self.jobs.recv().await {
            self.serve(dispatched).await;
            // Neither the channel nor a short job ever yields to the other tasks of this thread.
            coop::consume_budget().await;
        }
    }

    async fn serve(&self, dispatched: Dispatched) {
        let Dispatched { job: Job { future, slot, stopped }, permit } = dispatched;
        drop(slot);
        if stopped.load(Ordering::Acquire) {
            job::drop_catching_panics(future);
            self.shared.counters.jobs_dropped(1);
        } else {
            self.run_job(future).await;
        }
        drop(permit);
        // The dispatcher may have passed over the lanes behind this gate.
        self.shared.wake.notify_one();
    }

    async fn run_job(&self, future: JobFuture) {
        self.shared.counters.job_started();
        let ending = job::run(future).await;
        self.shared.counters.job_ended(ending);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.counters.worker_ended();
    }
}
