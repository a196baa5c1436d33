//! A cache of verdicts: hospitals bill per call, and the same identity is verified again and again.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use cleaning::{patient::Patient, profile::VerdictCacheConfig, two_generations::TwoGenerations};
use tokio::{sync::OnceCell, time::Instant};

use super::{Verdict, identity::identity_json};

/// Caches verdicts under a keyed hash of their identity: 128 bits, with keys that only this process has, so that the
/// cache does not reveal who was verified. A second call about an identity waits for the first one's answer.
///
/// Only verdicts about identities that the hospital knows are cached: it may know the others tomorrow.
pub struct VerdictCache {
    keys: (RandomState, RandomState),
    max_age: Duration,
    generations: Mutex<TwoGenerations<HashMap<u128, Arc<Cached>>>>,
    asked: AtomicU64,
    known: AtomicU64,
}

struct Cached {
    since: Instant,
    verdict: OnceCell<Verdict>,
}

impl VerdictCache {
    pub fn new(config: VerdictCacheConfig) -> Self {
        Self {
            keys: (RandomState::new(), RandomState::new()),
            max_age: config.max_age,
            generations: Mutex::new(TwoGenerations::new(config.max_verdicts)),
            asked: AtomicU64::new(0),
            known: AtomicU64::new(0),
        }
    }

    /// The verdict about a patient: a cached one, that of a call in flight, or that of `call`. A failed call fails only
    /// its own caller: one that waited for it makes another call.
    pub async fn verdict<E>(
        &self,
        patient: &Patient,
        call: impl Future<Output = Result<Verdict, E>>,
    ) -> Result<Verdict, E> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let key = self.key(patient);
        let cached = self.get_or_insert(key);
        let mut called = false;
        let call = async {
            called = true;
            call.await
        };
        let verdict = cached.verdict.get_or_try_init(|| call).await.copied();
        if !called {
            self.known.fetch_add(1, Ordering::Relaxed);
        }
        if !matches!(verdict, Ok(Verdict::Match | Verdict::Mismatch)) {
            self.remove(key, &cached);
        }
        verdict
    }

    /// How many verdicts were asked for, and how many of them took no call.
    pub fn hits(&self) -> (u64, u64) {
        (self.asked.load(Ordering::Relaxed), self.known.load(Ordering::Relaxed))
    }

    fn key(&self, patient: &Patient) -> u128 {
        let identity = identity_json(patient);
        let (high, low) = (self.keys.0.hash_one(&identity), self.keys.1.hash_one(&identity));
        u128::from(high) << 64 | u128::from(low)
    }

    /// The entry of a key, if it is not too old; else a new one.
    fn get_or_insert(&self, key: u128) -> Arc<Cached> {
        let now = Instant::now();
        let mut generations = self.generations();
        let found = generations.both().into_iter().find_map(|generation| generation.get(&key));
        if let Some(cached) = found.filter(|cached| now - cached.since < self.max_age) {
            return Arc::clone(cached);
        }
        let cached = Arc::new(Cached { since: now, verdict: OnceCell::new() });
        generations.make_room().insert(key, Arc::clone(&cached));
        cached
    }

    /// Removes an entry, unless another one has taken its key.
    fn remove(&self, key: u128, cached: &Arc<Cached>) {
        for generation in self.generations().both_mut() {
            if generation.get(&key).is_some_and(|it| Arc::ptr_eq(it, cached)) {
                generation.remove(&key);
            }
        }
    }

    fn generations(&self) -> MutexGuard<'_, TwoGenerations<HashMap<u128, Arc<Cached>>>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use tokio::time::{advance, sleep};

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn verdicts(count: usize) -> VerdictCache {
        VerdictCache::new(VerdictCacheConfig { max_age: DAY, max_verdicts: count })
    }

    fn patient(patient_id: &str) -> Patient {
        Patient::unknown("h1", patient_id)
    }

    /// Asks, and says whether a call was made.
    async fn ask(verdicts: &VerdictCache, patient_id: &str, answer: Result<Verdict, ()>) -> bool {
        let calls = AtomicU32::new(0);
        let call = async {
            calls.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(50)).await;
            answer
        };
        let verdict = verdicts.verdict(&patient(patient_id), call).await;
        assert_eq!(verdict, answer);
        calls.into_inner() > 0
    }

    #[tokio::test(start_paused = true)]
    async fn a_verdict_is_asked_for_once_until_it_is_too_old() {
        let verdicts = verdicts(10);
        assert!(ask(&verdicts, "1", Ok(Verdict::Match)).await);
        assert!(!ask(&verdicts, "1", Ok(Verdict::Match)).await);
        assert!(ask(&verdicts, "2", Ok(Verdict::Mismatch)).await);
        assert!(!ask(&verdicts, "2", Ok(Verdict::Mismatch)).await);
        advance(DAY).await;
        assert!(ask(&verdicts, "1", Ok(Verdict::Mismatch)).await);
        assert_eq!(verdicts.hits(), (5, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_at_the_same_time_shares_the_call() {
        let verdicts = verdicts(10);
        let asking = (0..5).map(|_| ask(&verdicts, "1", Ok(Verdict::Match)));
        let called = futures_util::future::join_all(asking).await;
        assert_eq!(called.into_iter().filter(|called| *called).count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_change_is_not_kept() {
        let verdicts = verdicts(10);
        for answer in [Err(()), Ok(Verdict::NotFound), Ok(Verdict::Illegal), Ok(Verdict::Match)] {
            assert!(ask(&verdicts, "1", answer).await, "{answer:?}");
        }
        assert!(!ask(&verdicts, "1", Ok(Verdict::Match)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_given_up_is_made_by_who_waited_for_it() {
        let verdicts = verdicts(10);
        let mut first = Box::pin(ask(&verdicts, "1", Ok(Verdict::Match)));
        assert!(futures_util::poll!(&mut first).is_pending());
        let mut second = Box::pin(ask(&verdicts, "1", Ok(Verdict::Match)));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        assert!(second.await);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let verdicts = verdicts(10);
        for patient_id in 0..1_000 {
            ask(&verdicts, &patient_id.to_string(), Ok(Verdict::Match)).await;
            let generations = verdicts.generations();
            assert!(generations.both().iter().all(|generation| generation.len() <= 10));
        }
        assert!(!ask(&verdicts, "995", Ok(Verdict::Match)).await);
    }
}
