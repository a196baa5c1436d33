//! The batches that run in this process under caller-chosen ids, so that each runs once at a time.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// The leases that are held.
#[derive(Default)]
pub struct BatchLeases(Mutex<HashMap<Arc<str>, LeaseState>>);

/// How far a running batch is.
#[derive(Clone, Default)]
struct LeaseState {
    /// Its caller has the answer, or is about to: only the closing rows remain to be written.
    answered: CancellationToken,
    ended: CancellationToken,
}

/// The exclusive right to run one batch, until this is dropped.
pub struct BatchLease {
    leases: Arc<BatchLeases>,
    batch_id: Arc<str>,
    state: LeaseState,
}

impl BatchLeases {
    /// Takes the lease of a batch; none if the batch runs. A batch that has answered and still writes its closing rows
    /// is waited for until `until`, because a caller that has the answer may send the batch again at once.
    pub async fn acquire(self: &Arc<Self>, batch_id: &Arc<str>, until: Instant) -> Option<BatchLease> {
        loop {
            let held = match self.held().entry(Arc::clone(batch_id)) {
                Entry::Vacant(vacant) => {
                    let state = vacant.insert(LeaseState::default()).clone();
                    return Some(BatchLease {
                        leases: Arc::clone(self),
                        batch_id: Arc::clone(batch_id),
                        state,
                    });
                }
                Entry::Occupied(held) => held.get().clone(),
            };
            if !held.answered.is_cancelled() {
                return None;
            }
            timeout_at(until, held.ended.cancelled()).await.ok()?;
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Arc<str>, LeaseState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BatchLease {
    /// Records that the caller has the answer, or is about to.
    pub fn mark_answered(&self) {
        self.state.answered.cancel();
    }
}

impl Drop for BatchLease {
    fn drop(&mut self) {
        self.leases.held().remove(&self.batch_id);
        self.state.ended.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(1)
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_runs_once_at_a_time() {
        let (batches, id, other) = (Arc::new(BatchLeases::default()), "b".into(), "c".into());
        let first = batches.acquire(&id, soon()).await;
        assert!(first.is_some() && batches.acquire(&id, soon()).await.is_none());
        assert!(batches.acquire(&other, soon()).await.is_some());
        drop(first);
        assert!(batches.acquire(&id, soon()).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_words_of_a_batch_that_has_answered_are_waited_for() {
        let (batches, id) = (Arc::new(BatchLeases::default()), "b".into());
        let first = batches.acquire(&id, soon()).await.unwrap();
        first.mark_answered();
        let until = soon();
        assert!(batches.acquire(&id, until).await.is_none());
        assert!(Instant::now() >= until, "it was waited for");
        let next = tokio::spawn({
            let (batches, id) = (Arc::clone(&batches), Arc::clone(&id));
            async move { batches.acquire(&id, soon()).await.is_some() }
        });
        tokio::task::yield_now().await;
        drop(first);
        assert!(next.await.unwrap());
    }

    #[tokio::test]
    async fn a_panic_ends_the_batch() {
        let (batches, id) = (Arc::new(BatchLeases::default()), "b".into());
        let running = batches.acquire(&id, soon()).await.unwrap();
        let struck = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _running = running;
            std::panic::resume_unwind(Box::new(()));
        }));
        assert!(struck.is_err());
        assert!(batches.acquire(&id, soon()).await.is_some());
    }
}
