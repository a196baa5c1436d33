//! A small batch beside a large one. The clock is paused, so the times are those of the schedule alone.

use tokio::time::{Instant, sleep};

use super::*;

const JOBS: u32 = 100;
const JOB: Duration = Duration::from_millis(50);

/// Runs a batch of 100 jobs of 50 ms; how long that took.
async fn time_of_a_small_batch(pool: &Pool) -> Duration {
    let started = Instant::now();
    let batch = pool.open_batch();
    let lane = batch.open_lane(open_gate());
    let tally = Tally::new();
    for _ in 0..JOBS {
        lane.submit(tally.job_of(JOB)).await.unwrap();
    }
    tally.reaches(JOBS).await;
    started.elapsed()
}

/// Keeps `lanes` lanes of a batch full until the batch is stopped.
fn feed_endlessly(batch: &JobBatch, lanes: usize) -> TaskTracker {
    let feeders = TaskTracker::new();
    for _ in 0..lanes {
        let lane = batch.open_lane(open_gate());
        feeders.spawn(async move { while lane.submit(async { sleep(JOB).await }).await.is_ok() {} });
    }
    feeders.close();
    feeders
}

async fn a_small_batch_is_done_in_thrice_its_time_beside_an_endless_one_of(lanes: usize) {
    // Where in the cycle of the endless batch's jobs the small one comes in.
    for phase in [0, 1, 10, 25, 40, 49] {
        let pool = pool(50, 16);
        let alone = time_of_a_small_batch(&pool).await;
        let endless = pool.open_batch();
        let feeders = feed_endlessly(&endless, lanes);
        sleep(4 * JOB + Duration::from_millis(phase)).await;
        let beside = time_of_a_small_batch(&pool).await;
        assert!(beside <= 3 * alone, "phase {phase} ms: {beside:?} beside, {alone:?} alone");
        endless.stop();
        feeders.wait().await;
        close(&pool).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_small_batch_is_done_in_thrice_its_time_beside_an_endless_one() {
    a_small_batch_is_done_in_thrice_its_time_beside_an_endless_one_of(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_small_batch_is_done_in_thrice_its_time_beside_an_endless_one_of_twenty_lanes() {
    a_small_batch_is_done_in_thrice_its_time_beside_an_endless_one_of(20).await;
}

#[tokio::test(start_paused = true)]
async fn batches_of_any_number_of_lanes_share_the_workers_equally() {
    let pool = pool(10, 4);
    let batches: Vec<_> = (0..4).map(|_| (pool.open_batch(), Tally::new())).collect();
    for (number, (batch, tally)) in batches.iter().enumerate() {
        for _ in 0..=3 * number {
            let (lane, tally) = (batch.open_lane(open_gate()), tally.clone());
            tokio::spawn(async move { while lane.submit(tally.job_of(JOB)).await.is_ok() {} });
        }
    }
    sleep(100 * JOB).await;
    let counts: Vec<_> = batches.iter().map(|(_, tally)| tally.count()).collect();
    let (least, most) = (*counts.iter().min().unwrap(), *counts.iter().max().unwrap());
    // The first few jobs go to whoever came first, before the others are there.
    assert!(least > 200 && most - least <= 14, "{counts:?}");
    batches.iter().for_each(|(batch, _)| batch.stop());
    close(&pool).await;
}
