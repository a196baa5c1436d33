//! A panic costs one job.

use std::{panic, task::Poll};

use super::*;

/// Panics when it is dropped, with a payload that does the same.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic::panic_any(PanicsInDrop);
    }
}

#[tokio::test]
async fn a_panic_costs_one_job_and_no_worker() {
    let pool = pool(3, 2);
    let batch = pool.open_batch();
    let (gate, tally) = (Gate::new(2), Tally::new());
    let lane = batch.open_lane(Arc::clone(&gate));
    for number in 0..300 {
        if number % 3 == 0 {
            lane.submit(async { panic!("in a job") }).await.unwrap();
        } else {
            lane.submit(tally.job()).await.unwrap();
        }
    }
    tally.reaches(200).await;
    until(|| pool.stats().panicked == 100).await;
    assert_eq!(pool.stats(), PoolStats { workers: 3, finished: 200, panicked: 100, ..PoolStats::default() });
    until(|| gate.in_flight() == 0).await;
    close(&pool).await;
}

#[tokio::test]
async fn a_panic_while_a_job_is_dropped_costs_that_job_and_no_worker() {
    let pool = pool(1, 1);
    let batch = pool.open_batch();
    let lane = batch.open_lane(open_gate());
    let held = PanicsInDrop;
    lane.submit(async move { drop(held) }).await.unwrap();
    let held = PanicsInDrop;
    lane.submit(poll_fn_that_keeps(held)).await.unwrap();
    lane.submit(async { panic::panic_any(PanicsInDrop) }).await.unwrap();
    let tally = Tally::new();
    lane.submit(tally.job()).await.unwrap();
    tally.reaches(1).await;
    assert_eq!(pool.stats().workers, 1);
    close(&pool).await;
    assert_eq!(pool.stats(), PoolStats { finished: 1, panicked: 3, ..PoolStats::default() });
}

/// Ends at once, but drops what it holds only when it is dropped itself.
fn poll_fn_that_keeps(held: PanicsInDrop) -> impl Future<Output = ()> + Send {
    std::future::poll_fn(move |_| {
        let _still_held = &held;
        Poll::Ready(())
    })
}

#[tokio::test]
async fn a_panic_while_a_queued_job_is_dropped_reaches_nobody() {
    let pool = pool(1, 3);
    let batch = pool.open_batch();
    let lane = batch.open_lane(open_gate());
    for _ in 0..3 {
        let held = PanicsInDrop;
        lane.submit(async move { drop(held) }).await.unwrap();
    }
    batch.stop();
    assert_eq!(pool.stats(), PoolStats { workers: 1, dropped: 3, ..PoolStats::default() });
    close(&pool).await;
}
