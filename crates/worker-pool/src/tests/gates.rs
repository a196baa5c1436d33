//! A gate holds up its own lanes, and nobody else.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_gate_is_used_and_never_exceeded() {
    let pool = pool(20, 4);
    let gate = Gate::new(7);
    assert_eq!(gate.limit(), 7);
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let tally = Tally::new();
    // Two batches with two lanes each, all behind one gate.
    let batches = [pool.open_batch(), pool.open_batch()];
    for batch in batches.iter().flat_map(|batch| [batch, batch]) {
        let lane = batch.open_lane(Arc::clone(&gate));
        let (running, most, tally) = (Arc::clone(&running), Arc::clone(&most), tally.clone());
        tokio::spawn(async move {
            for number in 0..100 {
                let (running, most) = (Arc::clone(&running), Arc::clone(&most));
                let counted = tally.job_of(Duration::from_millis(1 + number % 7));
                let job = async move {
                    most.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                    counted.await;
                    running.fetch_sub(1, Ordering::Relaxed);
                };
                lane.submit(job).await.unwrap();
            }
        });
    }
    tally.reaches(400).await;
    assert_eq!(most.load(Ordering::Relaxed), 7);
    until(|| gate.in_flight() == 0).await;
    close(&pool).await;
}

#[tokio::test]
async fn a_closed_gate_holds_up_no_other_lane_and_no_other_batch() {
    let pool = pool(4, 2);
    let (hanging, open) = (Gate::new(2), Gate::new(1));
    let (hold, tally) = (Hold::new(), Tally::new());
    let (batch, other) = (pool.open_batch(), pool.open_batch());
    let stuck: Vec<_> = [&batch, &other].map(|batch| batch.open_lane(Arc::clone(&hanging))).into();
    for lane in &stuck {
        for _ in 0..2 {
            lane.submit(hold.job()).await.unwrap();
        }
    }
    until(|| pool.stats().running == 2).await;
    let lanes = [batch.open_lane(Arc::clone(&open)), other.open_lane(open)];
    for _ in 0..50 {
        for lane in &lanes {
            lane.submit(tally.job()).await.unwrap();
        }
    }
    tally.reaches(100).await;
    assert_eq!(hanging.in_flight(), 2);
    assert_eq!(pool.stats().queued, 2);
    hold.release();
    close(&pool).await;
    assert_eq!(pool.stats().finished, 104);
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_opens_lets_the_next_job_in_at_once() {
    let pool = pool(10, 10);
    let batch = pool.open_batch();
    let lane = batch.open_lane(Gate::new(1));
    let tally = Tally::new();
    let started = tokio::time::Instant::now();
    for _ in 0..20 {
        lane.submit(tally.job_of(Duration::from_millis(100))).await.unwrap();
    }
    tally.reaches(20).await;
    let rounding = Duration::from_millis(20);
    assert!(started.elapsed() <= Duration::from_secs(2) + rounding, "took {:?}", started.elapsed());
    close(&pool).await;
}

#[tokio::test]
async fn a_job_that_is_dropped_unrun_leaves_its_gate() {
    let pool = pool(1, 2);
    let (batch, other) = (pool.open_batch(), pool.open_batch());
    let (gate, hold, tally) = (Gate::new(2), Hold::new(), Tally::new());
    other.open_lane(open_gate()).submit(hold.job()).await.unwrap();
    until(|| pool.stats().running == 1).await;
    let lane = batch.open_lane(Arc::clone(&gate));
    for _ in 0..2 {
        lane.submit(tally.job()).await.unwrap();
    }
    until(|| gate.in_flight() == 2).await;
    batch.stop();
    let same_gate = other.open_lane(Arc::clone(&gate));
    same_gate.submit(tally.job()).await.unwrap();
    hold.release();
    tally.reaches(1).await;
    until(|| gate.in_flight() == 0).await;
    close(&pool).await;
    assert_eq!(pool.stats(), PoolStats { finished: 2, dropped: 2, ..PoolStats::default() });
}

#[tokio::test(start_paused = true)]
async fn a_pause_ends_by_itself_and_holds_up_nobody_else() {
    let pool = pool(4, 4);
    let batch = pool.open_batch();
    let (paused, open) = (Gate::new(4), Gate::new(4));
    let started = tokio::time::Instant::now();
    paused.pause(started + Duration::from_secs(3));
    let (waiting, going) = (Tally::new(), Tally::new());
    let lanes = [batch.open_lane(paused), batch.open_lane(open)];
    for _ in 0..3 {
        lanes[0].submit(waiting.job()).await.unwrap();
        lanes[1].submit(going.job()).await.unwrap();
    }
    going.reaches(3).await;
    assert!(started.elapsed() < Duration::from_secs(1));
    waiting.reaches(3).await;
    assert!(started.elapsed() >= Duration::from_secs(3));
    close(&pool).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_puts_off_its_rest_gives_its_worker_free() {
    let pool = pool(1, 1);
    let batch = pool.open_batch();
    let lane = Arc::new(batch.open_lane(Gate::new(1)));
    let (rest, others) = (Tally::new(), Tally::new());
    let started = tokio::time::Instant::now();
    let again = { (Arc::clone(&lane), rest.job()) };
    lane.submit(async move {
        let (lane, rest) = again;
        lane.submit_after(tokio::time::Instant::now() + Duration::from_secs(5), rest).unwrap();
    })
    .await
    .unwrap();
    for _ in 0..10 {
        lane.submit(others.job()).await.unwrap();
    }
    others.reaches(10).await;
    assert!(started.elapsed() < Duration::from_secs(1));
    // The pool closes once the rest has run, too.
    drop(lane);
    close(&pool).await;
    assert!(started.elapsed() >= Duration::from_secs(5));
    rest.reaches(1).await;
}
