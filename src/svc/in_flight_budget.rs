//! The records in flight, over all batches: it bounds them, and estimates how soon there is room again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long a caller is told to wait when nothing better is known.
const DEFAULT_WAIT: Duration = Duration::from_secs(1);

/// The shortest and the longest wait that a caller is told. A longer one would be a guess.
const MIN_WAIT: Duration = Duration::from_millis(100);
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Bounds the records that all batches of the process have in flight.
pub struct InFlightBudget {
    max_records: usize,
    running: Mutex<RunningTotals>,
}

#[derive(Default)]
struct RunningTotals {
    next: u64,
    batches: BTreeMap<u64, RunningBatch>,
    /// Most records that the batches may have at once, together.
    records: usize,
}

struct RunningBatch {
    since: Instant,
    progress: Arc<dyn BatchProgress>,
}

/// How far a batch is, for the estimates.
pub trait BatchProgress: Send + Sync {
    /// Most records that may be in flight at once.
    fn capacity(&self) -> usize;

    fn settled(&self) -> u32;

    fn unsettled(&self) -> u32;
}

/// The share of one batch in the budget; dropping it gives the share back.
pub struct BudgetPermit {
    budget: Arc<InFlightBudget>,
    key: u64,
}

/// There is no room for another batch now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetExhausted {
    /// How soon there may be room.
    pub retry_after: Duration,
}

impl InFlightBudget {
    /// Creates a budget of `max_records`.
    pub fn new(max_records: usize) -> Arc<Self> {
        Arc::new(Self { max_records, running: Mutex::default() })
    }

    /// Takes room for the records of a batch until the permit is dropped.
    pub fn try_take(
        self: &Arc<Self>,
        progress: Arc<dyn BatchProgress>,
    ) -> Result<BudgetPermit, BudgetExhausted> {
        let mut running = self.running();
        let records = running.records + progress.capacity();
        if records > self.max_records {
            return Err(BudgetExhausted { retry_after: running.soonest_end() });
        }
        running.records = records;
        let key = running.next;
        running.next += 1;
        running.batches.insert(key, RunningBatch { since: Instant::now(), progress });
        Ok(BudgetPermit { budget: Arc::clone(self), key })
    }

    /// How soon one of the batches may have ended, by their speed so far.
    pub fn soonest_end(&self) -> Duration {
        self.running().soonest_end()
    }

    /// How long one more record waits for its turn: behind `queued` records that go first and one of each batch, because
    /// the batches take turns. Zero as long as no speed is known.
    pub fn time_until_turn(&self, queued: usize) -> Duration {
        let running = self.running();
        let per_second: f64 = running.batches.values().map(RunningBatch::per_second).sum();
        let ahead = (queued + running.batches.len()) as f64;
        if per_second > 0.0 { Duration::from_secs_f64(ahead / per_second) } else { Duration::ZERO }
    }

    fn running(&self) -> MutexGuard<'_, RunningTotals> {
        // Each change under this lock is whole by itself.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunningTotals {
    fn soonest_end(&self) -> Duration {
        let ends = self.batches.values().filter_map(RunningBatch::time_left);
        ends.min().unwrap_or(DEFAULT_WAIT).clamp(MIN_WAIT, MAX_WAIT)
    }
}

impl RunningBatch {
    fn per_second(&self) -> f64 {
        let elapsed = self.since.elapsed().as_secs_f64();
        if elapsed > 0.0 { f64::from(self.progress.settled()) / elapsed } else { 0.0 }
    }

    /// Until its records are settled; none before the first one is.
    fn time_left(&self) -> Option<Duration> {
        let per_second = self.per_second();
        (per_second > 0.0).then(|| Duration::from_secs_f64(f64::from(self.progress.unsettled()) / per_second))
    }
}

impl Drop for BudgetPermit {
    fn drop(&mut self) {
        let mut running = self.budget.running();
        if let Some(batch) = running.batches.remove(&self.key) {
            running.records -= batch.progress.capacity();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    /// A batch that makes no progress.
    struct Still {
        settled: u32,
        open: u32,
    }

    impl BatchProgress for Still {
        fn capacity(&self) -> usize {
            (self.settled + self.open) as usize
        }

        fn settled(&self) -> u32 {
            self.settled
        }

        fn unsettled(&self) -> u32 {
            self.open
        }
    }

    fn batch(settled: u32, open: u32) -> Arc<dyn BatchProgress> {
        Arc::new(Still { settled, open })
    }

    #[tokio::test(start_paused = true)]
    async fn room_is_bounded_and_comes_back() {
        let budget = InFlightBudget::new(100);
        let first = budget.try_take(batch(0, 60)).expect("there is room");
        let Err(full) = budget.try_take(batch(0, 41)) else { panic!("there is no room") };
        assert_eq!(full.retry_after, DEFAULT_WAIT);
        let second = budget.try_take(batch(0, 40)).expect("there is room");
        drop(first);
        let _third = budget.try_take(batch(0, 60)).expect("there is room again");
        drop(second);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_is_told_when_the_first_batch_will_have_ended() {
        let budget = InFlightBudget::new(1_000);
        let _slow = budget.try_take(batch(10, 490)).ok();
        let _fast = budget.try_take(batch(100, 100)).ok();
        advance(Duration::from_secs(5)).await;
        assert_eq!(budget.soonest_end(), Duration::from_secs(5));
        let _stuck = budget.try_take(batch(0, 100)).ok();
        assert_eq!(budget.soonest_end(), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_for_a_turn_follows_from_what_goes_before_and_the_speed() {
        let budget = InFlightBudget::new(1_000);
        assert_eq!(budget.time_until_turn(10), Duration::ZERO);
        let _running = budget.try_take(batch(100, 100)).ok();
        advance(Duration::from_secs(10)).await;
        assert_eq!(budget.time_until_turn(9), Duration::from_secs(1));
    }
}
