//! The pool as a whole.

#![expect(
    clippy::disallowed_types,
    reason = "a test that waits in vain must end even while tokio's clock is paused"
)]

mod closing;
mod fairness;
mod gates;
mod panics;
mod running;
mod stopping;
mod stress;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::Semaphore, time::timeout};
use tokio_util::task::TaskTracker;

use crate::{Closed, Gate, JobBatch, Lane, Pool, PoolConfig, PoolError, PoolStats};

/// No test takes this long; one that does has lost a wake-up.
const PATIENCE: Duration = Duration::from_secs(30);

fn pool(workers: usize, queue: usize) -> Arc<Pool> {
    Pool::start(&PoolConfig { workers, queue }).unwrap()
}

/// A gate that never closes in these tests.
fn open_gate() -> Arc<Gate> {
    Gate::new(usize::MAX)
}

/// Closes the pool, which must end.
async fn close(pool: &Pool) {
    timeout(PATIENCE, pool.close()).await.expect("the pool drains");
}

/// Lets all other tasks of a single-threaded test run until there is nothing left for them to do.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// Yields to the other tasks until `condition` holds.
async fn until(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "waited in vain");
        tokio::task::yield_now().await;
    }
}

/// Counts the jobs that have come to its end.
#[derive(Clone)]
struct Tally(Arc<Semaphore>);

impl Tally {
    fn new() -> Self {
        Tally(Arc::new(Semaphore::new(0)))
    }

    fn count(&self) -> usize {
        self.0.available_permits()
    }

    /// A job that does nothing but count.
    fn job(&self) -> impl Future<Output = ()> + Send + 'static {
        let tally = self.clone();
        async move { tally.0.add_permits(1) }
    }

    /// A job that takes its time and then counts.
    fn job_of(&self, time: Duration) -> impl Future<Output = ()> + Send + 'static {
        let tally = self.clone();
        async move {
            tokio::time::sleep(time).await;
            tally.0.add_permits(1);
        }
    }

    /// Waits until `jobs` jobs have counted.
    async fn reaches(&self, jobs: u32) {
        let counted = timeout(PATIENCE, self.0.acquire_many(jobs)).await;
        drop(counted.expect("waited in vain").unwrap());
    }
}

/// Jobs that run until they are released.
struct Hold(Arc<Semaphore>);

impl Hold {
    fn new() -> Self {
        Hold(Arc::new(Semaphore::new(0)))
    }

    fn job(&self) -> impl Future<Output = ()> + Send + 'static {
        let released = Arc::clone(&self.0);
        async move { drop(released.acquire().await) }
    }

    fn release(&self) {
        self.0.close();
    }
}

/// Counts how often it is dropped, wherever its clones are.
struct DropCounter(Arc<AtomicUsize>);

impl Drop for DropCounter {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
