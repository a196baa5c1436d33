//! Everything at once on several threads: no job is lost, no wake-up is missed.

use std::pin::Pin;

use tokio::time::Instant;

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
/// is fed, or drained by the closing of the pool, which `closing` announces. Returns how many jobs its lanes took.
async fn run_batch(pool: Arc<Pool>, gates: [Arc<Gate>; LANES], number: usize, closing: Arc<Hold>) -> usize {
    let batch = pool.open_batch();
    let feeders: Vec<_> = gates.into_iter().map(|gate| tokio::spawn(feed(batch.open_lane(gate)))).collect();
    if number % 3 == STOPPED {
        until(|| pool.stats().finished > 50).await;
        batch.stop();
    }
    let mut taken = 0;
    for feeder in feeders {
        taken += feeder.await.unwrap();
    }
    if number % 3 == LEFT_TO_CLOSE {
        closing.job().await;
        close(&pool).await;
    }
    taken
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_job_that_was_taken_ends_in_one_way() {
    for (workers, queue) in [(1, 1), (4, 1), (16, 5)] {
        let (pool, closing) = (pool(workers, queue), Arc::new(Hold::new()));
        let gates = [1, 2, 3].map(Gate::new);
        let batches: Vec<_> = (0..BATCHES)
            .map(|number| {
                let (pool, closing) = (Arc::clone(&pool), Arc::clone(&closing));
                tokio::spawn(run_batch(pool, gates.clone(), number, closing))
            })
            .collect();
        // By then many batches have come and gone, and others are in the middle of it.
        until(|| pool.stats().finished as usize > BATCHES * JOBS).await;
        closing.release();
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

/// The highest limit that a gate in trouble gets.
const MAX_LIMIT: usize = 4;

/// What became of the jobs of a pool in trouble.
#[derive(Default)]
struct Fates {
    run: AtomicUsize,
    dropped: AtomicUsize,
    /// What the pool has taken: jobs, and what they have put off.
    taken: AtomicUsize,
}

/// Says at the end of a job how it ended: dropped, unless it was run to its end.
struct Fate {
    fates: Arc<Fates>,
    has_run: bool,
}

impl Fate {
    fn fulfil(mut self) {
        self.has_run = true;
    }
}

impl Drop for Fate {
    fn drop(&mut self) {
        let fates = if self.has_run { &self.fates.run } else { &self.fates.dropped };
        fates.fetch_add(1, Ordering::Relaxed);
    }
}

/// A job behind a gate in trouble: it changes its gate, and puts off its rest some times before it ends.
struct Troubled {
    lane: Arc<Lane>,
    gate: Arc<Gate>,
    fate: Fate,
    rests: u64,
    /// The end of the pause that it has made last.
    paused_until: Instant,
    dice: Dice,
}

impl Troubled {
    fn work(mut self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            assert!(
                (1..=MAX_LIMIT).contains(&self.gate.in_flight()),
                "this job is behind the gate, with few others"
            );
            self.make_trouble();
            if self.rests == 0 {
                return self.fate.fulfil();
            }
            self.rests -= 1;
            let moment = Instant::now() + Duration::from_micros(self.dice.roll(900));
            let (lane, fates) = (Arc::clone(&self.lane), Arc::clone(&self.fate.fates));
            // A lane that takes nothing any more drops the rest.
            let taken = lane.submit_after(moment, self.work()).is_ok();
            fates.taken.fetch_add(usize::from(taken), Ordering::Relaxed);
        })
    }

    fn make_trouble(&mut self) {
        match self.dice.roll(12) {
            0 => {
                let pause = Duration::from_micros(self.dice.roll(2_000));
                self.paused_until = Instant::now() + pause;
                self.gate.pause(self.paused_until);
            }
            1 => self.gate.end_pause(self.paused_until),
            2 | 3 => self.gate.set_limit(self.dice.roll(MAX_LIMIT as u64 + 1) as usize),
            _ => {}
        }
    }
}

/// Numbers that look random; the same ones in each run.
#[derive(Clone, Copy)]
struct Dice(u64);

impl Dice {
    /// A number below `end`.
    fn roll(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Feeds a lane with troubled jobs until it has submitted all or the lane is closed; how many it made.
async fn feed_trouble(lane: Lane, gate: Arc<Gate>, fates: Arc<Fates>, mut dice: Dice) -> usize {
    let lane = Arc::new(lane);
    for made in 1..=JOBS {
        let fate = Fate { fates: Arc::clone(&fates), has_run: false };
        let (rests, dice) = (dice.roll(4), Dice(dice.roll(u64::MAX)));
        let (lane_of_job, gate, paused_until) = (Arc::clone(&lane), Arc::clone(&gate), Instant::now());
        let job = Troubled { lane: lane_of_job, gate, fate, rests, paused_until, dice };
        if lane.submit(job.work()).await.is_err() {
            return made;
        }
        fates.taken.fetch_add(1, Ordering::Relaxed);
    }
    JOBS
}

/// Feeds the lanes of many batches and stops some of them meanwhile. Returns the batches, which stop when they are
/// dropped, and how many jobs were made for them.
async fn feed_batches(
    pool: &Arc<Pool>,
    gates: &[Arc<Gate>],
    fates: &Arc<Fates>,
    stopped: impl Fn(usize) -> bool,
) -> (Vec<JobBatch>, usize) {
    let batches: Vec<_> = (0..BATCHES).map(|_| pool.open_batch()).collect();
    let mut feeders = Vec::new();
    for (number, batch) in batches.iter().enumerate() {
        for (lane, gate) in gates.iter().enumerate() {
            let dice = Dice((number * LANES + lane) as u64);
            let (lane, gate, fates) =
                (batch.open_lane(Arc::clone(gate)), Arc::clone(gate), Arc::clone(fates));
            feeders.push(tokio::spawn(feed_trouble(lane, gate, fates, dice)));
        }
    }
    for (number, batch) in batches.iter().enumerate().filter(|(number, _)| stopped(*number)) {
        until(|| pool.stats().finished as usize > 50 * number).await;
        batch.stop();
    }
    let mut made = 0;
    for feeder in feeders {
        made += timeout(PATIENCE, feeder).await.expect("no feeder waits for ever").unwrap();
    }
    (batches, made)
}

fn check_all_ended(pool: &Pool, gates: &[Arc<Gate>], fates: &Fates, made: usize) {
    let [run, dropped, taken] =
        [&fates.run, &fates.dropped, &fates.taken].map(|count| count.load(Ordering::Relaxed));
    assert_eq!(run + dropped, made, "every job was run to its end or dropped");
    let stats = pool.stats();
    assert_eq!((stats.workers, stats.queued, stats.running, stats.panicked), (0, 0, 0, 0));
    assert_eq!((stats.finished + stats.dropped) as usize, taken, "whatever was taken has ended");
    assert!(gates.iter().all(|gate| gate.in_flight() == 0), "no permit is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_job_that_is_put_off_again_and_again_runs_to_its_end() {
    for (workers, queue) in [(1, 1), (6, 2)] {
        let (pool, fates) = (pool(workers, queue), Arc::<Fates>::default());
        let gates = [1, 2, MAX_LIMIT].map(Gate::new);
        let (_batches, made) = feed_batches(&pool, &gates, &fates, |_| false).await;
        until(|| fates.run.load(Ordering::Relaxed) == made).await;
        close(&pool).await;
        assert_eq!(made, BATCHES * LANES * JOBS);
        check_all_ended(&pool, &gates, &fates, made);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn jobs_in_trouble_that_are_stopped_or_closed_upon_end_once() {
    for (workers, queue) in [(1, 1), (6, 2), (16, 5)] {
        let (pool, fates) = (pool(workers, queue), Arc::<Fates>::default());
        let gates = [1, 2, MAX_LIMIT].map(Gate::new);
        let closing = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move {
                until(|| pool.stats().finished as usize > BATCHES * JOBS).await;
                close(&pool).await;
            }
        });
        let (_batches, made) = feed_batches(&pool, &gates, &fates, |number| number % 2 == 0).await;
        closing.await.unwrap();
        assert!(fates.run.load(Ordering::Relaxed) > 0 && fates.dropped.load(Ordering::Relaxed) > 0);
        check_all_ended(&pool, &gates, &fates, made);
    }
}
