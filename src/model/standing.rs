//! What is known of whether the store works, from every transaction and sign of life; and the log's word on it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tracing::{error, info, warn};

use super::{
    StoreError,
    breaker::{Breaker, Change},
};

/// How the store stands.
#[derive(Default)]
pub(super) struct Standing(Mutex<Breaker>);

impl Standing {
    /// Whether the last thing heard of the store is that it does not work.
    pub(super) fn is_troubled(&self) -> bool {
        self.breaker().is_troubled()
    }

    /// Refuses who would wait in vain.
    pub(super) fn ask(&self) -> Result<(), StoreError> {
        if self.breaker().is_worth_asking(Instant::now()) { Ok(()) } else { Err(StoreError::NotTried) }
    }

    /// Lets whoever is next try the store, and that at once.
    pub(super) fn admit(&self) -> Result<(), StoreError> {
        if self.breaker().admits(Instant::now()) { Ok(()) } else { Err(StoreError::NotTried) }
    }

    /// Notes how a transaction or a try ended.
    pub(super) fn note(&self, failure: Option<&StoreError>) {
        match failure {
            // Whoever looks at the data works.
            None | Some(StoreError::Data(_)) => self.works(),
            Some(error @ (StoreError::Unavailable(outage) | StoreError::OutcomeUnknown(outage)))
                if outage.is_of_the_store() =>
            {
                self.fails(error);
            }
            Some(_) => {}
        }
    }

    fn works(&self) {
        let changed = self.breaker().works();
        if changed.is_some() {
            info!("the store works again");
        }
    }

    fn fails(&self, error: &StoreError) {
        let changed = self.breaker().fails(Instant::now());
        match changed {
            Some(Change::Doubted) => warn!(%error, "the store fails, rows are tried again"),
            Some(Change::Opened) => {
                error!(%error, "the store still fails: rows are FAILED at once until it works again");
            }
            Some(Change::Closed) | None => {}
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
