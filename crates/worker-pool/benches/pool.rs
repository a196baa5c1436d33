//! What it costs to hand a job to a worker: `cargo bench -p worker-pool`. Speeds are jobs per second, for jobs that
//! need no work.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use divan::counter::ItemsCount;
use tokio::{runtime::Runtime, sync::Notify};
use worker_pool::{Gate, Pool, PoolConfig};

const JOBS: usize = 10_000;

/// From a lane over the dispatcher to a worker. The argument is how many batches are fed at once.
#[divan::bench(args = [1, 20])]
fn from_lane_to_worker(bencher: divan::Bencher<'_, '_>, batches: usize) {
    let runtime = Runtime::new().expect("a runtime");
    let pool = runtime.block_on(async { Pool::start(&PoolConfig { workers: 50, queue: 16 }) });
    let pool = pool.expect("a valid configuration");
    let gate = Gate::new(50);
    bencher.counter(ItemsCount::new(JOBS)).bench_local(|| {
        runtime.block_on(async {
            let left = Arc::new(AtomicUsize::new(JOBS / batches * batches));
            let done = Arc::new(Notify::new());
            let feeders = (0..batches).map(|_| {
                let (left, done) = (Arc::clone(&left), Arc::clone(&done));
                tokio::spawn(feed(Arc::clone(&pool), Arc::clone(&gate), JOBS / batches, left, done))
            });
            let feeders: Vec<_> = feeders.collect();
            done.notified().await;
            for feeder in feeders {
                feeder.await.expect("no panic");
            }
        });
    });
    runtime.block_on(pool.close());
}

/// Submits jobs, and keeps their batch until the last of all batches has run.
async fn feed(pool: Arc<Pool>, gate: Arc<Gate>, jobs: usize, left: Arc<AtomicUsize>, done: Arc<Notify>) {
    let batch = pool.open_batch();
    let lane = batch.open_lane(gate);
    for _ in 0..jobs {
        let (left, done) = (Arc::clone(&left), Arc::clone(&done));
        let job = async move {
            if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                done.notify_one();
            }
        };
        lane.submit(job).await.expect("the pool runs");
    }
    while left.load(Ordering::Acquire) > 0 {
        tokio::task::yield_now().await;
    }
}

fn main() {
    divan::main();
}
