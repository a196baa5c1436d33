//! What the process has in hand, over all batches: it bounds the records, and says how soon there is room again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// What a caller is told to wait when nothing better is known.
const USUAL_WAIT: Duration = Duration::from_secs(1);

/// The shortest and the longest wait that a caller is told. A longer one would be a guess.
const WAITS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(60));

/// The batches of a process.
pub struct InFlightBudget {
    max_records: usize,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    next: u64,
    batches: BTreeMap<u64, Batch>,
    /// Most records that the batches may have at a time, together.
    records: usize,
}

struct Batch {
    since: Instant,
    records: Arc<dyn BatchProgress>,
}

/// The records of one batch, as far as they are a load.
pub trait BatchProgress: Send + Sync {
    /// How many there may be at a time.
    fn capacity(&self) -> usize;

    /// How many have been settled.
    fn settled(&self) -> u32;

    /// How many are not settled.
    fn unsettled(&self) -> u32;
}

/// A batch's share of the load; given back when it is dropped.
pub struct BudgetPermit {
    load: Arc<InFlightBudget>,
    key: u64,
}

/// There is no room for a batch now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetExhausted {
    /// How soon there may be.
    pub retry_after: Duration,
}

impl InFlightBudget {
    /// Room for so many records.
    pub fn new(max_records: usize) -> Arc<Self> {
        Arc::new(Self { max_records, running: Mutex::default() })
    }

    /// Takes room for the records of a batch until the share is dropped.
    pub fn try_take(
        self: &Arc<Self>,
        records: Arc<dyn BatchProgress>,
    ) -> Result<BudgetPermit, BudgetExhausted> {
        let mut running = self.running();
        let in_hand = running.records + records.capacity();
        if in_hand > self.max_records {
            return Err(BudgetExhausted { retry_after: running.soonest_end() });
        }
        running.records = in_hand;
        let key = running.next;
        running.next += 1;
        running.batches.insert(key, Batch { since: Instant::now(), records });
        Ok(BudgetPermit { load: Arc::clone(self), key })
    }

    /// How soon one of the batches may have ended, by their speed so far.
    pub fn soonest_end(&self) -> Duration {
        self.running().soonest_end()
    }

    /// How long it takes until one more record gets its turn: behind `queued` records that go before it and one of
    /// each batch, for the batches take turns. Nothing as long as no speed is known.
    pub fn time_until_turn(&self, queued: usize) -> Duration {
        let running = self.running();
        let per_second: f64 = running.batches.values().map(Batch::per_second).sum();
        let ahead = (queued + running.batches.len()) as f64;
        if per_second > 0.0 { Duration::from_secs_f64(ahead / per_second) } else { Duration::ZERO }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        // Each change under this lock is whole by itself.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    fn soonest_end(&self) -> Duration {
        let ends = self.batches.values().filter_map(Batch::time_left);
        ends.min().unwrap_or(USUAL_WAIT).clamp(WAITS.0, WAITS.1)
    }
}

impl Batch {
    fn per_second(&self) -> f64 {
        let elapsed = self.since.elapsed().as_secs_f64();
        if elapsed > 0.0 { f64::from(self.records.settled()) / elapsed } else { 0.0 }
    }

    /// Until its records are settled; nothing before the first one is.
    fn time_left(&self) -> Option<Duration> {
        let per_second = self.per_second();
        (per_second > 0.0).then(|| Duration::from_secs_f64(f64::from(self.records.unsettled()) / per_second))
    }
}

impl Drop for BudgetPermit {
    fn drop(&mut self) {
        let mut running = self.load.running();
        if let Some(batch) = running.batches.remove(&self.key) {
            running.records -= batch.records.capacity();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    /// A batch that stands still.
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
        let load = InFlightBudget::new(100);
        let first = load.try_take(batch(0, 60)).expect("there is room");
        let Err(full) = load.try_take(batch(0, 41)) else { panic!("there is no room") };
        assert_eq!(full.retry_after, USUAL_WAIT);
        let second = load.try_take(batch(0, 40)).expect("there is room");
        drop(first);
        let _third = load.try_take(batch(0, 60)).expect("there is room again");
        drop(second);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_is_told_when_the_first_batch_will_have_ended() {
        let load = InFlightBudget::new(1_000);
        let _slow = load.try_take(batch(10, 490)).ok();
        let _fast = load.try_take(batch(100, 100)).ok();
        advance(Duration::from_secs(5)).await;
        assert_eq!(load.soonest_end(), Duration::from_secs(5));
        let _stuck = load.try_take(batch(0, 100)).ok();
        assert_eq!(load.soonest_end(), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_for_a_turn_follows_from_what_goes_before_and_the_speed() {
        let load = InFlightBudget::new(1_000);
        assert_eq!(load.time_until_turn(10), Duration::ZERO);
        let _running = load.try_take(batch(100, 100)).ok();
        advance(Duration::from_secs(10)).await;
        assert_eq!(load.time_until_turn(9), Duration::from_secs(1));
    }
}
