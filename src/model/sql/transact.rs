//! Runs one transaction on a pooled connection, within its time limit.

use std::time::Duration;

use async_trait::async_trait;
use tokio::{
    task::yield_now,
    time::{Instant, timeout_at},
};

use super::{
    chunk_write::{Aborted, Transact},
    connection::pool::PooledConnection,
    engine::Engine,
    statements::Statements,
    store::SqlStore,
    time_limit::{engine_limit, no_answer, no_time_left, run_before, unresponsive},
    transaction::Task,
};
use crate::model::{StoreError, Written};

/// How long the answer to a commit that was sent in time is awaited. Giving up earlier would make its rows unknown for
/// nothing.
const COMMIT_GRACE: Duration = Duration::from_millis(250);

/// A begin is answered at once. A connection that went dead while it was idle must cost this much, not all the time that
/// is left.
const BEGIN_LIMIT: Duration = Duration::from_secs(1);

/// Whether a connection may be used for another transaction.
struct Usable(bool);

#[async_trait]
impl<E: Statements> Transact for SqlStore<E> {
    async fn transact(&self, task: Task<'_>, until: Instant) -> Result<Vec<Written>, Aborted> {
        let done = self.transact_when_connected(task, until).await;
        self.health.record(done.as_ref().err().map(|aborted| &aborted.error));
        done
    }
}

impl<E: Statements> SqlStore<E> {
    async fn transact_when_connected(&self, task: Task<'_>, until: Instant) -> Result<Vec<Written>, Aborted> {
        self.health.check_worth_waiting()?;
        let slot = self.writers.slot(until).await?;
        // While this caller waited, others may have found the store down.
        self.health.try_take_probe()?;
        let mut pooled = slot.connect(until).await?;
        let started = Instant::now();
        let left = until.saturating_duration_since(started);
        let writes_rows = matches!(task, Task::Rows { .. });
        if E::STARTS_ONLY_IN_TIME && writes_rows && left < self.flush_times.percentile_99() {
            pooled.release();
            return Err(no_time_left().into());
        }
        match run_on(&mut pooled, task, until).await {
            Ok(written) => {
                // The end of a batch counts its outcomes: that takes as long as the batch is large.
                if writes_rows {
                    self.flush_times.record(started.elapsed());
                }
                pooled.release();
                // The next holder of the slot was woken on this very thread, where it would wait for all that our
                // caller now does with the rows.
                yield_now().await;
                Ok(written)
            }
            Err((aborted, Usable(true))) => {
                pooled.release();
                Err(aborted)
            }
            Err((aborted, Usable(false))) => Err(aborted),
        }
    }
}

/// Runs a transaction. Its connection is usable afterwards only if it is certainly in no transaction.
async fn run_on<E: Statements>(
    pooled: &mut PooledConnection<'_, E>,
    task: Task<'_>,
    until: Instant,
) -> Result<Vec<Written>, (Aborted, Usable)> {
    let limit = engine_limit(until).map_err(|error| (error.into(), Usable(true)))?;
    let begun = until.min(Instant::now() + BEGIN_LIMIT);
    let mut transaction = match timeout_at(begun, E::begin(&mut pooled.connection, limit)).await {
        Ok(begun) => begun.map_err(|error| {
            let error = E::fault(&error);
            // A begin that met a lock began nothing.
            let usable = matches!(error, StoreError::Transient(_));
            (error.into(), Usable(usable))
        })?,
        Err(_) if begun < until => return Err((unresponsive().into(), Usable(false))),
        Err(_) => return Err((no_answer().into(), Usable(false))),
    };
    let run = timeout_at(until, task.run::<E>(&mut transaction)).await;
    let error = match run.unwrap_or_else(|_| Err(no_answer())) {
        Ok(written) => return commit::<E>(transaction, written, until).await,
        Err(error) => error,
    };
    // After any other error the state of the connection is unknown.
    let passing = matches!(error, StoreError::Data(_) | StoreError::Transient(_));
    let usable = passing && run_before::<E, _>(until, transaction.rollback()).await.is_ok();
    Err((error.into(), Usable(usable)))
}

/// Sends the commit, unless time is up already, and reads its answer.
async fn commit<E: Engine>(
    transaction: sqlx::Transaction<'_, E::Database>,
    written: Vec<Written>,
    until: Instant,
) -> Result<Vec<Written>, (Aborted, Usable)> {
    if Instant::now() >= until {
        return Err((no_time_left().into(), Usable(false)));
    }
    let reason = match timeout_at(until + COMMIT_GRACE, transaction.commit()).await {
        Ok(Ok(())) => return Ok(written),
        Ok(Err(error)) => match E::fault(&error) {
            // The engine refused the commit. Anything else may have happened after it was done.
            refused @ (StoreError::Data(_) | StoreError::Transient(_)) => {
                return Err((refused.into(), Usable(false)));
            }
            StoreError::Unavailable(outage) if outage.is_refusal() => {
                return Err((StoreError::Unavailable(outage).into(), Usable(false)));
            }
            StoreError::Unavailable(outage) => outage,
            other => other.to_string().into(),
        },
        Err(_) => "no answer in time".into(),
    };
    let aborted = Aborted { error: StoreError::OutcomeUnknown(reason), tentative: written };
    Err((aborted, Usable(false)))
}
