//! The worker pool and its fair dispatcher: it runs jobs (futures without a result) and knows nothing
//! of what they do.
//!
//! One pool serves the whole process. Its workers are started once and stay; whoever has work opens a
//! [`JobBatch`], in it one [`Lane`] per key (whatever the jobs call upon), and submits:
//!
//! ```text
//! batch A ─┬─ lane ▤▤▤ (gate x) ─┐                                        ┌─ worker 1
//!          └─ lane ▤   (gate y) ─┤                                        ├─ worker 2
//!                                ├─ scheduler ── dispatcher ── channel ▤▤▤▤ ───┼─ ...
//! batch B ─── lane ▤▤  (gate x) ─┘                                        └─ worker N
//! ```
//!
//! **Fair.** A plain queue is fair to jobs, not to batches: a hundred jobs behind ten thousand wait for
//! them all. Here one dispatcher waits until the channel to the workers has room, and only then chooses,
//! so that the choice is as late, and thus as fair, as it can be: round robin over the batches, then
//! over the lanes of the batch. Whoever was served goes to the back of its round.
//!
//! **Never in line behind a slow key.** A [`Gate`] says whether a key may be called now, for all batches
//! together. The dispatcher tries it and passes over the lane if it is not open: no job waits for a gate
//! while it holds a worker or a place in the channel.
//!
//! **Bounded.** `queue` jobs wait ready for a free worker, and each lane holds as many more; then
//! [`Lane::submit`] waits. That is the back-pressure to whoever feeds the lane.
//!
//! **Sturdy.** A job that panics costs that job: it is counted, its gate is left, and the worker goes on.
//! [`JobBatch::stop`] drops what a batch still has queued, unrun; [`Pool::close`] runs what is queued, and
//! returns when the last worker has gone.
//!
//! ```
//! use worker_pool::{PoolConfig, Gate, Pool};
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = Pool::start(&PoolConfig { workers: 4, queue: 2 })?;
//! let gate = Gate::new(3); // at most three of these jobs run at a time, whoever submits them
//! let sum = Arc::new(AtomicU64::new(0));
//!
//! let batch = pool.open_batch();
//! let lane = batch.open_lane(gate);
//! for number in 1..=100 {
//!     let sum = Arc::clone(&sum);
//!     lane.submit(async move {
//!         sum.fetch_add(number, Ordering::Relaxed);
//!     })
//!     .await?;
//! }
//!
//! pool.close().await;
//! assert_eq!(sum.load(Ordering::Relaxed), 5050);
//! assert!(lane.submit(async {}).await.is_err());
//! # Ok(())
//! # }
//! ```

mod batch;
mod config;
mod dispatcher;
mod gate;
mod job;
mod lane;
mod round_robin;
mod scheduler;
mod shared;
mod slots;
mod stats;
mod worker;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio_util::task::TaskTracker;

pub use batch::JobBatch;
pub use config::{PoolConfig, PoolError};
pub use gate::Gate;
pub use lane::Lane;
pub use slots::Closed;
pub use stats::PoolStats;

use shared::Shared;
use slots::Slots;
use worker::Worker;

/// A fixed set of workers that run the jobs of all batches, a fair share of each batch at a time.
///
/// Whoever starts a pool closes it. One that is dropped without [`close`](Pool::close) refuses new jobs
/// and lets its tasks run out unobserved.
pub struct Pool {
    shared: Arc<Shared>,
    tasks: TaskTracker,
}

impl Pool {
    /// Starts the workers and their dispatcher on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// A pool without workers, or without a place to wait for one, would never run a job: see
    /// [`PoolError`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn start(config: &PoolConfig) -> Result<Arc<Pool>, PoolError> {
        config.check()?;
        let shared = Arc::new(Shared::new(config.queue));
        let tasks = TaskTracker::new();
        let (ready, jobs) = async_channel::bounded(config.queue);
        tasks.spawn(dispatcher::dispatch(Arc::clone(&shared), ready));
        for _ in 0..config.workers {
            tasks.spawn(Worker::new(Arc::clone(&shared), jobs.clone()).work());
        }
        Ok(Arc::new(Pool { shared, tasks }))
    }

    /// Opens a batch: one party of the round robin, whatever the number of its lanes.
    pub fn open_batch(&self) -> JobBatch {
        JobBatch::open(&self.shared)
    }

    /// Refuses new jobs, runs those that are queued, and returns when the dispatcher and every worker
    /// have ended. May be called more than once and dropped while it waits; each call waits for the end.
    ///
    /// It waits as long as the jobs take. To be sooner, stop the batches first, and have the jobs
    /// themselves heed a cancellation. A job must not await this: it would wait for itself.
    pub async fn close(&self) {
        self.refuse_new_jobs();
        self.tasks.wait().await;
    }

    /// Whether the pool still takes jobs, that is: it has not been closed.
    pub fn is_running(&self) -> bool {
        !self.shared.scheduler().is_closed()
    }

    /// How many jobs go before one that is submitted now, whosever it is; `None` while a worker is free.
    pub fn jobs_ahead(&self) -> Option<usize> {
        let PoolStats { workers, queued, running, .. } = self.stats();
        (running >= workers).then(|| queued.min(self.shared.queue))
    }

    /// What the pool has done and is doing.
    pub fn stats(&self) -> PoolStats {
        self.shared.counters.read()
    }

    fn refuse_new_jobs(&self) {
        let rooms = self.shared.scheduler().close();
        // Outside of the scheduler's lock: closing a room wakes the submitters that wait for it.
        rooms.iter().for_each(Slots::close);
        self.shared.wake.notify_one();
        self.tasks.close();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.refuse_new_jobs();
    }
}
