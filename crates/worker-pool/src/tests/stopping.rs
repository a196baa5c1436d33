//! Stopping or dropping a batch, and dropping a lane.

use super::*;

/// A pool of one worker that is held up, so that whatever else is submitted stays queued.
async fn held_up_pool(queue: usize) -> (Arc<Pool>, Hold) {
    let (pool, hold) = (pool(1, queue), Hold::new());
    let batch = pool.open_batch();
    batch.open_lane(open_gate()).submit(hold.job()).await.unwrap();
    until(|| pool.stats().running == 1).await;
    (pool, hold)
}

#[tokio::test]
async fn dropping_a_batch_drops_its_queued_jobs_unrun() {
    let (pool, hold) = held_up_pool(4).await;
    let batch = pool.open_batch();
    let lane = batch.open_lane(open_gate());
    let (tally, drops) = (Tally::new(), Arc::new(AtomicUsize::new(0)));
    // Four of them get as far as the channel to the workers.
    for _ in 0..8 {
        let (job, counter) = (tally.job(), DropCounter(Arc::clone(&drops)));
        let job = async move {
            let _counter = counter;
            job.await;
        };
        lane.submit(job).await.unwrap();
    }
    drop(batch);
    assert!(drops.load(Ordering::Relaxed) >= 4, "those in the lane are dropped at once");
    assert_eq!(lane.submit(async {}).await, Err(Closed));
    hold.release();
    close(&pool).await;
    assert_eq!(drops.load(Ordering::Relaxed), 8);
    assert_eq!(tally.count(), 0);
    assert_eq!(pool.stats(), PoolStats { finished: 1, dropped: 8, ..PoolStats::default() });
}

#[tokio::test]
async fn stopping_a_batch_leaves_its_running_jobs_and_other_batches_alone() {
    let pool = pool(2, 2);
    let (stopped, other) = (pool.open_batch(), pool.open_batch());
    let (hold, tally) = (Hold::new(), Tally::new());
    let (stopped_lane, other_lane) = (stopped.open_lane(open_gate()), other.open_lane(open_gate()));
    stopped_lane.submit(hold.job()).await.unwrap();
    until(|| pool.stats().running == 1).await;
    stopped.stop();
    stopped.stop();
    assert_eq!(stopped_lane.submit(async {}).await, Err(Closed));
    assert_eq!(stopped.open_lane(open_gate()).submit(async {}).await, Err(Closed));
    for _ in 0..10 {
        other_lane.submit(tally.job()).await.unwrap();
    }
    tally.reaches(10).await;
    hold.release();
    close(&pool).await;
    assert_eq!(pool.stats(), PoolStats { finished: 11, ..PoolStats::default() });
}

#[tokio::test]
async fn a_submit_that_waits_for_a_full_lane_ends_when_the_batch_is_stopped() {
    let (pool, hold) = held_up_pool(1).await;
    let batch = pool.open_batch();
    let lane = batch.open_lane(open_gate());
    for _ in 0..2 {
        lane.submit(async {}).await.unwrap();
    }
    let [mut waiting, mut never_polled_again] = [(), ()].map(|()| Box::pin(lane.submit(async {})));
    assert!(futures_util::poll!(&mut never_polled_again).is_pending());
    assert!(futures_util::poll!(&mut waiting).is_pending());
    batch.stop();
    let refused = timeout(PATIENCE, waiting).await;
    assert_eq!(refused.expect("it does not wait behind one that nobody polls"), Err(Closed));
    hold.release();
    close(&pool).await;
}

/// Stops its batch, and leaves its lane, when it is dropped.
struct StopsInDrop {
    batch: Arc<JobBatch>,
    _lane: Lane,
}

impl Drop for StopsInDrop {
    fn drop(&mut self) {
        self.batch.stop();
    }
}

#[tokio::test]
async fn a_queued_job_may_call_back_into_the_pool_when_it_is_dropped() {
    let (pool, hold) = held_up_pool(4).await;
    let batch = Arc::new(pool.open_batch());
    let lane = batch.open_lane(open_gate());
    let held = StopsInDrop { batch: Arc::clone(&batch), _lane: batch.open_lane(open_gate()) };
    lane.submit(async move { drop(held) }).await.unwrap();
    batch.stop();
    hold.release();
    close(&pool).await;
    assert_eq!(pool.stats(), PoolStats { finished: 1, dropped: 1, ..PoolStats::default() });
}

#[tokio::test]
async fn a_dropped_lane_still_has_its_jobs_run() {
    let (pool, hold) = held_up_pool(4).await;
    let batch = pool.open_batch();
    let (lane, tally) = (batch.open_lane(open_gate()), Tally::new());
    for _ in 0..4 {
        lane.submit(tally.job()).await.unwrap();
    }
    drop(lane);
    hold.release();
    tally.reaches(4).await;
    close(&pool).await;
}
