//! The batches that run in this process under ids that their callers chose, so that none runs twice at a time.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// The batches that run.
#[derive(Default)]
pub struct BatchLeases(Mutex<HashMap<Arc<str>, Stages>>);

/// How far a running batch is.
#[derive(Clone, Default)]
struct Stages {
    /// Its caller has the answer, or is about to: only last words are written.
    answered: CancellationToken,
    ended: CancellationToken,
}

/// One batch that runs, until this is dropped.
pub struct BatchLease {
    home: Arc<BatchLeases>,
    batch_id: Arc<str>,
    stages: Stages,
}

impl BatchLeases {
    /// Enters a batch. None if it runs. One that has answered and still writes its last words is waited for, but
    /// not longer than `until`: whoever sends a batch again once its answer is there need not know of these.
    pub async fn enter(self: &Arc<Self>, batch_id: &Arc<str>, until: Instant) -> Option<BatchLease> {
        loop {
            let there = match self.batches().entry(Arc::clone(batch_id)) {
                Entry::Vacant(vacant) => {
                    let stages = vacant.insert(Stages::default()).clone();
                    return Some(BatchLease {
                        home: Arc::clone(self),
                        batch_id: Arc::clone(batch_id),
                        stages,
                    });
                }
                Entry::Occupied(there) => there.get().clone(),
            };
            if !there.answered.is_cancelled() {
                return None;
            }
            timeout_at(until, there.ended.cancelled()).await.ok()?;
        }
    }

    fn batches(&self) -> MutexGuard<'_, HashMap<Arc<str>, Stages>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BatchLease {
    /// Notes that the answer is there.
    pub fn answered(&self) {
        self.stages.answered.cancel();
    }
}

impl Drop for BatchLease {
    fn drop(&mut self) {
        self.home.batches().remove(&self.batch_id);
        self.stages.ended.cancel();
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
        let first = batches.enter(&id, soon()).await;
        assert!(first.is_some() && batches.enter(&id, soon()).await.is_none());
        assert!(batches.enter(&other, soon()).await.is_some());
        drop(first);
        assert!(batches.enter(&id, soon()).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_words_of_a_batch_that_has_answered_are_waited_for() {
        let (batches, id) = (Arc::new(BatchLeases::default()), "b".into());
        let first = batches.enter(&id, soon()).await.unwrap();
        first.answered();
        let until = soon();
        assert!(batches.enter(&id, until).await.is_none());
        assert!(Instant::now() >= until, "it was waited for");
        let next = tokio::spawn({
            let (batches, id) = (Arc::clone(&batches), Arc::clone(&id));
            async move { batches.enter(&id, soon()).await.is_some() }
        });
        tokio::task::yield_now().await;
        drop(first);
        assert!(next.await.unwrap());
    }

    #[tokio::test]
    async fn a_panic_ends_the_batch() {
        let (batches, id) = (Arc::new(BatchLeases::default()), "b".into());
        let running = batches.enter(&id, soon()).await.unwrap();
        let struck = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _running = running;
            std::panic::resume_unwind(Box::new(()));
        }));
        assert!(struck.is_err());
        assert!(batches.enter(&id, soon()).await.is_some());
    }
}
