//! Jobs run, each of them once, whatever their number.

use std::sync::atomic::AtomicU64;

use tokio::runtime::Handle;

use super::*;

#[test]
fn the_handles_can_be_shared_between_tasks() {
    fn shareable<T: Send + Sync + 'static>() {}
    shareable::<Pool>();
    shareable::<JobBatch>();
    shareable::<Lane>();
    shareable::<Gate>();
}

#[tokio::test]
async fn a_pool_without_workers_or_queue_is_refused() {
    let refused = |workers, queue| Pool::start(&PoolConfig { workers, queue }).err();
    assert_eq!(refused(0, 16), Some(PoolError::NoWorkers));
    assert_eq!(refused(50, 0), Some(PoolError::NoQueue));
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test]
async fn no_jobs_one_job_and_many_jobs_run_to_their_end() {
    for (workers, queue) in [(1, 1), (1, 16), (3, 2), (50, 16)] {
        for jobs in [0, 1, 1_000] {
            let pool = pool(workers, queue);
            let batch = pool.open_batch();
            let lane = batch.open_lane(open_gate());
            let tally = Tally::new();
            for _ in 0..jobs {
                lane.submit(tally.job()).await.unwrap();
            }
            tally.reaches(jobs).await;
            close(&pool).await;
            assert_eq!(tally.count(), jobs as usize);
            assert_eq!(pool.stats(), PoolStats { finished: jobs.into(), ..PoolStats::default() });
        }
    }
}

#[tokio::test]
async fn the_jobs_of_a_lane_are_started_in_the_order_of_their_submission() {
    let pool = pool(1, 3);
    let batch = pool.open_batch();
    let lane = batch.open_lane(open_gate());
    let (sender, started) = async_channel::bounded(100);
    for number in 0..100 {
        let sender = sender.clone();
        lane.submit(async move { sender.try_send(number).unwrap() }).await.unwrap();
    }
    close(&pool).await;
    let order: Vec<_> = std::iter::from_fn(|| started.try_recv().ok()).collect();
    assert_eq!(order, (0..100).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_full_lane_makes_submit_wait() {
    let pool = pool(1, 2);
    let batch = pool.open_batch();
    let lane = batch.open_lane(open_gate());
    let hold = Hold::new();
    // One runs, two wait ready for the worker, two in the lane. The dispatcher moves them on.
    for _ in 0..5 {
        lane.submit(hold.job()).await.unwrap();
    }
    until(|| pool.stats().running == 1 && pool.stats().queued == 4).await;
    let mut sixth = Box::pin(lane.submit(hold.job()));
    assert!(futures_util::poll!(&mut sixth).is_pending());
    hold.release();
    sixth.await.unwrap();
    close(&pool).await;
    assert_eq!(pool.stats().finished, 6);
}

#[tokio::test]
async fn a_submit_that_is_given_up_leaves_nothing_behind() {
    let pool = pool(1, 1);
    let batch = pool.open_batch();
    let lane = batch.open_lane(open_gate());
    let hold = Hold::new();
    for _ in 0..3 {
        lane.submit(hold.job()).await.unwrap();
    }
    until(|| pool.stats().running == 1).await;
    let tally = Tally::new();
    for _ in 0..10 {
        let mut given_up = Box::pin(lane.submit(tally.job()));
        assert!(futures_util::poll!(&mut given_up).is_pending());
    }
    hold.release();
    lane.submit(async {}).await.unwrap();
    close(&pool).await;
    assert_eq!(tally.count(), 0);
    assert_eq!(pool.stats().finished, 4);
}

#[tokio::test]
async fn no_task_is_left_after_a_thousand_batches() {
    let alive = || Handle::current().metrics().num_alive_tasks();
    let pool = pool(10, 4);
    until(|| alive() == 11).await;
    for _ in 0..1_000 {
        let batch = pool.open_batch();
        let lane = batch.open_lane(open_gate());
        let tally = Tally::new();
        for _ in 0..3 {
            lane.submit(tally.job()).await.unwrap();
        }
        tally.reaches(3).await;
    }
    assert_eq!(alive(), 11, "the dispatcher and the workers");
    close(&pool).await;
    until(|| alive() == 0).await;
    assert_eq!(pool.stats(), PoolStats { finished: 3_000, ..PoolStats::default() });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_workers_lose_no_count() {
    const JOBS: u64 = 50_000;
    const INCREMENTS: u64 = 100;
    let pool = pool(50, 16);
    let batch = pool.open_batch();
    let sum = Arc::new(AtomicU64::new(0));
    let feeders = TaskTracker::new();
    for _ in 0..10 {
        let (lane, sum) = (batch.open_lane(open_gate()), Arc::clone(&sum));
        feeders.spawn(async move {
            for _ in 0..JOBS / 10 {
                let sum = Arc::clone(&sum);
                let increments = async move {
                    for _ in 0..INCREMENTS {
                        sum.fetch_add(1, Ordering::Relaxed);
                    }
                };
                lane.submit(increments).await.unwrap();
            }
        });
    }
    feeders.close();
    feeders.wait().await;
    close(&pool).await;
    assert_eq!(sum.load(Ordering::Relaxed), JOBS * INCREMENTS);
    assert_eq!(pool.stats(), PoolStats { finished: JOBS, ..PoolStats::default() });
}
