//! Whether the store works, as far as transactions and probes have shown, and what the log says of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tracing::{error, info, warn};

use super::breaker::{StoreBreaker, Transition};
use crate::model::StoreError;

/// The store's circuit breaker, shared by all callers.
#[derive(Default)]
pub(crate) struct StoreHealth(Mutex<StoreBreaker>);

impl StoreHealth {
    /// Whether the store failed the last time it was called.
    pub(crate) fn is_failing(&self) -> bool {
        self.breaker().is_failing()
    }

    /// Refuses a caller that would wait for a connection in vain. Takes no probe.
    pub(crate) fn check_worth_waiting(&self) -> Result<(), StoreError> {
        if self.breaker().is_worth_waiting_for(Instant::now()) { Ok(()) } else { Err(StoreError::NotTried) }
    }

    /// Admits the caller, which must call the store immediately: it may have taken the one probe that is due.
    pub(crate) fn try_take_probe(&self) -> Result<(), StoreError> {
        if self.breaker().try_take_probe(Instant::now()) { Ok(()) } else { Err(StoreError::NotTried) }
    }

    /// Records how a transaction or a probe ended.
    pub(crate) fn record(&self, failure: Option<&StoreError>) {
        match failure {
            // A store that refuses data works.
            None | Some(StoreError::Data(_)) => self.on_success(),
            Some(error @ (StoreError::Unavailable(outage) | StoreError::OutcomeUnknown(outage)))
                if outage.is_of_the_store() =>
            {
                self.on_failure(error);
            }
            Some(_) => {}
        }
    }

    fn on_success(&self) {
        let changed = self.breaker().on_success();
        if changed.is_some() {
            info!("the store works again");
        }
    }

    fn on_failure(&self, error: &StoreError) {
        let changed = self.breaker().on_failure(Instant::now());
        match changed {
            Some(Transition::Failing) => warn!(%error, "the store fails; rows are retried"),
            Some(Transition::Opened) => {
                error!(%error, "the store still fails: rows are FAILED at once until it works again");
            }
            Some(Transition::Closed) | None => {}
        }
    }

    fn breaker(&self) -> MutexGuard<'_, StoreBreaker> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
