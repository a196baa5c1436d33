//! Times a small batch alone and beside a batch without end: with this pool, and with a plain first-in, first-out queue
//! to as many workers. Run it with `cargo run --example fairness`.

#![allow(clippy::print_stdout, reason = "it reports to the terminal")]

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};
use worker_pool::{Gate, Pool, PoolConfig};

const WORKERS: usize = 50;
const QUEUE: usize = 16;
/// Jobs of the small batch.
const JOBS: u32 = 100;
const JOB_TIME: Duration = Duration::from_millis(50);
/// Tasks that feed the batch without end.
const FEEDERS: usize = 20;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How long the small batch took alone, and beside the other one.
struct Times {
    alone: Duration,
    beside: Duration,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (name, times) in [("worker-pool", with_pool().await?), ("plain queue", with_queue().await)] {
        let Times { alone, beside } = times;
        let ratio = beside.as_secs_f64() / alone.as_secs_f64();
        println!("{name}: {alone:.1?} alone, {beside:.1?} beside a batch without end ({ratio:.1} times)");
    }
    Ok(())
}

/// What every job does.
async fn work() {
    sleep(JOB_TIME).await;
}

async fn with_pool() -> Result<Times, Box<dyn std::error::Error>> {
    let pool = Pool::start(&PoolConfig { workers: WORKERS, queue: QUEUE })?;
    let gate = Gate::new(usize::MAX);
    let small = async || {
        let batch = pool.open_batch();
        let lane = batch.open_lane(Arc::clone(&gate));
        time_small_batch(async |job| lane.submit(job).await.expect("the batch is open")).await
    };
    let alone = small().await;

    let endless = pool.open_batch();
    for _ in 0..FEEDERS {
        let lane = endless.open_lane(Arc::clone(&gate));
        tokio::spawn(async move { while lane.submit(work()).await.is_ok() {} });
    }
    sleep(4 * JOB_TIME).await;
    let beside = small().await;
    endless.stop();
    pool.close().await;
    Ok(Times { alone, beside })
}

async fn with_queue() -> Times {
    let (queue, jobs) = async_channel::bounded::<Job>(QUEUE);
    for _ in 0..WORKERS {
        let jobs = jobs.clone();
        tokio::spawn(async move {
            while let Ok(job) = jobs.recv().await {
                job.await;
            }
        });
    }
    let small =
        async || time_small_batch(async |job| queue.send(job).await.expect("the queue is open")).await;
    let alone = small().await;

    for _ in 0..FEEDERS {
        let queue = queue.clone();
        tokio::spawn(async move { while queue.send(Box::pin(work())).await.is_ok() {} });
    }
    sleep(4 * JOB_TIME).await;
    let beside = small().await;
    queue.close();
    Times { alone, beside }
}

/// Submits the jobs of the small batch and waits until all of them have run.
async fn time_small_batch(submit: impl AsyncFn(Job)) -> Duration {
    let started = Instant::now();
    let done = Arc::new(Semaphore::new(0));
    for _ in 0..JOBS {
        let done = Arc::clone(&done);
        let job = async move {
            work().await;
            done.add_permits(1);
        };
        submit(Box::pin(job)).await;
    }
    drop(done.acquire_many(JOBS).await);
    started.elapsed()
}
