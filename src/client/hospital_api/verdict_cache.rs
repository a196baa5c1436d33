//! Verdicts that are kept for a while: hospitals' services bill per call, and the same identity is asked about again
//! and again.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::OnceCell, time::Instant};

use super::{Verdict, identity::identity_json};
use cleaning::{patient::Patient, profile::VerdictCacheConfig};

/// Keeps verdicts under a keyed hash of the identity that they are about: 128 bits, by keys that only this process
/// has, so that what is kept tells nobody who was asked about. Whoever asks about an identity while another call about
/// it is on its way waits for that one's answer.
///
/// Only what the hospital knows is kept: an identity that it does not know today it may know tomorrow.
pub struct VerdictCache {
    keys: (RandomState, RandomState),
    max_age: Duration,
    /// Most verdicts of one generation.
    max_per_generation: usize,
    generations: Mutex<Generations>,
    asked: AtomicU64,
    known: AtomicU64,
}

/// Two generations: when the young one is full, it becomes the old one, whose verdicts are forgotten.
#[derive(Default)]
struct Generations {
    young: HashMap<u128, Arc<Kept>>,
    old: HashMap<u128, Arc<Kept>>,
}

struct Kept {
    since: Instant,
    verdict: OnceCell<Verdict>,
}

impl VerdictCache {
    /// Keeps no verdict yet.
    pub fn new(kept: VerdictCacheConfig) -> Self {
        Self {
            keys: (RandomState::new(), RandomState::new()),
            max_age: kept.max_age,
            max_per_generation: kept.max_verdicts,
            generations: Mutex::default(),
            asked: AtomicU64::new(0),
            known: AtomicU64::new(0),
        }
    }

    /// The verdict about a patient: a kept one, the answer of a call that is on its way, or that of `call`. A call
    /// that fails is its caller's own: whoever waited for it makes another.
    pub async fn verdict<E>(
        &self,
        patient: &Patient,
        call: impl Future<Output = Result<Verdict, E>>,
    ) -> Result<Verdict, E> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let key = self.key(patient);
        let kept = self.generations().at(key, self.max_age, self.max_per_generation);
        let mut called = false;
        let call = async {
            called = true;
            call.await
        };
        let verdict = kept.verdict.get_or_try_init(|| call).await.copied();
        if !called {
            self.known.fetch_add(1, Ordering::Relaxed);
        }
        if !matches!(verdict, Ok(Verdict::Match | Verdict::Mismatch)) {
            self.generations().forget(key, &kept);
        }
        verdict
    }

    /// How often a verdict was asked for, and how often that took no call.
    pub fn hits(&self) -> (u64, u64) {
        (self.asked.load(Ordering::Relaxed), self.known.load(Ordering::Relaxed))
    }

    fn key(&self, patient: &Patient) -> u128 {
        let identity = identity_json(patient);
        let (high, low) = (self.keys.0.hash_one(&identity), self.keys.1.hash_one(&identity));
        u128::from(high) << 64 | u128::from(low)
    }

    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    /// What is kept under a key, if it is not too old; else a place for it.
    fn at(&mut self, key: u128, max_age: Duration, max_per_generation: usize) -> Arc<Kept> {
        let now = Instant::now();
        let found = self.young.get(&key).or_else(|| self.old.get(&key));
        if let Some(kept) = found.filter(|kept| now - kept.since < max_age) {
            return Arc::clone(kept);
        }
        if self.young.len() >= max_per_generation {
            self.old = mem::take(&mut self.young);
        }
        let kept = Arc::new(Kept { since: now, verdict: OnceCell::new() });
        self.young.insert(key, Arc::clone(&kept));
        kept
    }

    /// Takes a place back, unless it is another's by now.
    fn forget(&mut self, key: u128, kept: &Arc<Kept>) {
        for generation in [&mut self.young, &mut self.old] {
            if generation.get(&key).is_some_and(|there| Arc::ptr_eq(there, kept)) {
                generation.remove(&key);
            }
        }
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
            assert!(generations.young.len() <= 10 && generations.old.len() <= 10);
        }
        assert!(!ask(&verdicts, "995", Ok(Verdict::Match)).await);
    }
}
