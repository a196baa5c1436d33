//! Closing the pool: nothing new, everything queued, nobody left.

use tokio::runtime::Handle;

use super::*;

#[tokio::test]
async fn closing_runs_the_queued_jobs_and_joins_the_tasks() {
    let pool = pool(2, 3);
    let batch = pool.open_batch();
    let (tally, hold) = (Tally::new(), Hold::new());
    let lanes: Vec<_> = (0..4).map(|_| batch.open_lane(open_gate())).collect();
    for _ in 0..2 {
        lanes[0].submit(hold.job()).await.unwrap();
    }
    for lane in &lanes {
        for _ in 0..3 {
            lane.submit(tally.job()).await.unwrap();
        }
    }
    let mut close = Box::pin(pool.close());
    assert!(futures_util::poll!(&mut close).is_pending());
    assert_eq!(lanes[0].submit(async {}).await, Err(Closed));
    hold.release();
    close.await;
    assert_eq!(tally.count(), 12);
    assert_eq!(pool.stats(), PoolStats { finished: 14, ..PoolStats::default() });
    until(|| Handle::current().metrics().num_alive_tasks() == 0).await;
}

#[tokio::test]
async fn a_submit_after_close_is_refused_and_drops_the_job() {
    let pool = pool(1, 1);
    let batch = pool.open_batch();
    let lane = batch.open_lane(open_gate());
    close(&pool).await;
    let drops = Arc::new(AtomicUsize::new(0));
    let job = |counter: DropCounter| async move { drop(counter) };
    assert_eq!(lane.submit(job(DropCounter(Arc::clone(&drops)))).await, Err(Closed));
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    assert_eq!(batch.open_lane(open_gate()).submit(async {}).await, Err(Closed));
    assert_eq!(pool.open_batch().open_lane(open_gate()).submit(async {}).await, Err(Closed));
}

#[tokio::test]
async fn a_submit_that_waits_for_a_full_lane_ends_when_the_pool_is_closed() {
    let pool = pool(1, 1);
    let batch = pool.open_batch();
    let lane = batch.open_lane(open_gate());
    let hold = Hold::new();
    for _ in 0..3 {
        lane.submit(hold.job()).await.unwrap();
    }
    let mut waiting = Box::pin(lane.submit(async {}));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    let mut close = Box::pin(pool.close());
    assert!(futures_util::poll!(&mut close).is_pending());
    assert_eq!(waiting.await, Err(Closed));
    hold.release();
    close.await;
    assert_eq!(pool.stats().finished, 3);
}

#[tokio::test]
async fn closing_twice_at_once_and_again_afterwards_is_fine() {
    let pool = pool(3, 1);
    let hold = Hold::new();
    let batch = pool.open_batch();
    batch.open_lane(open_gate()).submit(hold.job()).await.unwrap();
    let mut given_up = Box::pin(pool.close());
    assert!(futures_util::poll!(&mut given_up).is_pending());
    drop(given_up);
    hold.release();
    tokio::join!(pool.close(), pool.close());
    close(&pool).await;
    assert_eq!(pool.stats().workers, 0);
}

#[tokio::test]
async fn a_batch_that_is_stopped_does_not_keep_a_closing_pool_waiting() {
    let pool = pool(1, 1);
    let batch = pool.open_batch();
    let gate = Gate::new(1);
    let lane = batch.open_lane(Arc::clone(&gate));
    gate.pause(tokio::time::Instant::now() + 10 * PATIENCE);
    lane.submit(async {}).await.unwrap();
    let mut close = Box::pin(pool.close());
    assert!(futures_util::poll!(&mut close).is_pending());
    settle().await;
    assert_eq!(pool.stats().queued, 1);
    batch.stop();
    timeout(PATIENCE, close).await.expect("the pool drains");
    assert_eq!(pool.stats(), PoolStats { dropped: 1, ..PoolStats::default() });
}

#[tokio::test]
async fn a_pool_that_is_dropped_lets_its_tasks_run_out() {
    let pool = pool(5, 1);
    let batch = pool.open_batch();
    let lane = batch.open_lane(open_gate());
    let tally = Tally::new();
    lane.submit(tally.job()).await.unwrap();
    drop(pool);
    tally.reaches(1).await;
    assert_eq!(lane.submit(async {}).await, Err(Closed));
    until(|| Handle::current().metrics().num_alive_tasks() == 0).await;
}
