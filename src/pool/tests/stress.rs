//! Everything at once on several threads: no job is lost, no wake-up is missed.

use super::*;

const BATCHES: usize = 24;
const LANES: usize = 3;
const JOBS: usize = 100;

// How a batch ends, by its number modulo 3. All others are dropped as soon as they are fed.
const STOPPED: usize = 0;
const LEFT_TO_CLOSE: usize = 1;

/// A job of one kind or another: it ends, gives way first, or panics.
async fn job(number: usize) {
    match number % 5 {
        0 => tokio::task::yield_now().await,
        1 => std::panic::resume_unwind(Box::new("without a message on standard error")),
        _ => {}
    }
}

/// Submits until it has submitted all or the lane is closed; how many jobs the lane took.
async fn feed(lane: Lane) -> usize {
    for number in 0..JOBS {
        if lane.submit(job(number)).await.is_err() {
            return number;
        }
    }
    JOBS
}

/// Feeds the lanes of a batch, and ends it in one of three ways: stopped on its way, dropped as soon as it
/// is fed, or drained by the closing of the pool. How many jobs its lanes took.
async fn run_batch(pool: Arc<Pool>, gates: [Arc<Gate>; LANES], number: usize) -> usize {
    let batch = pool.batch();
    let feeders: Vec<_> = gates.into_iter().map(|gate| tokio::spawn(feed(batch.lane(gate)))).collect();
    if number % 3 == STOPPED {
        until(|| pool.stats().finished > 50).await;
        batch.stop();
    }
    let mut taken = 0;
    for feeder in feeders {
        taken += feeder.await.unwrap();
    }
    if number % 3 == LEFT_TO_CLOSE {
        until(|| !pool.is_running()).await;
        close(&pool).await;
    }
    taken
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_job_that_was_taken_ends_in_one_way() {
    for (workers, queue) in [(1, 1), (4, 1), (16, 5)] {
        let pool = pool(workers, queue);
        let gates = [1, 2, 3].map(Gate::new);
        let batches: Vec<_> = (0..BATCHES)
            .map(|number| tokio::spawn(run_batch(Arc::clone(&pool), gates.clone(), number)))
            .collect();
        // By then many batches have come and gone, and others are in the middle of it.
        until(|| pool.stats().finished as usize > BATCHES * JOBS).await;
        close(&pool).await;
        let mut taken = 0;
        for batch in batches {
            taken += timeout(PATIENCE, batch).await.expect("no feeder waits for ever").unwrap();
        }
        let stats = pool.stats();
        assert_eq!(taken as u64, stats.finished + stats.panicked + stats.dropped);
        assert!(stats.panicked > 0 && stats.dropped > 0);
        assert_eq!((stats.workers, stats.queued, stats.running), (0, 0, 0));
        assert!(gates.iter().all(|gate| gate.in_flight() == 0));
    }
}
