//! The store over any engine: connections, transactions and their time limits.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::{
    task::yield_now,
    time::{Instant, timeout_at},
};

use super::{
    BatchKey, Chunk, FinishedBatch, Outage, OutageKind, ResultsPage, Store, StoreError, StoredBatch,
    StoredResult, Written,
    backoff::Backoff,
    connections::{Connections, Lease},
    engine::{Connection, Engine},
    flush_time::FlushTimes,
    probe,
    rejects::{Reject, RejectsPage},
    standing::Standing,
    transaction::Task,
    writing::{self, Aborted, Transact},
};
use cleaning::outcome::Outcome;

/// How long a commit that was sent in time may still be waited for. Giving up earlier would make its rows
/// unknown for nothing.
const COMMIT_GRACE: Duration = Duration::from_millis(250);

/// A begin is answered at once. A connection that went dead while it lay idle must cost this much, not all
/// the time that is left.
const BEGIN_LIMIT: Duration = Duration::from_secs(1);

const PING_LIMIT: Duration = Duration::from_secs(1);

/// How long one page of rejects may take.
const READ_LIMIT: Duration = Duration::from_secs(5);

/// How long a migration waits for a connection; what it then runs has no limit.
const MIGRATION_PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct SqlStore<E: Engine> {
    engine: E,
    writers: Connections<E>,
    /// The same database for signs of life.
    watching: E,
    /// Apart from the writers: a writer that waits for a lock must not hide a sound database.
    health: Connections<E>,
    flush_times: FlushTimes,
    /// What the writers and the signs of life have seen of the store.
    standing: Standing,
    /// The same database for who only reads.
    reading: E,
    /// Opened by who reads the books.
    readers: Connections<E>,
}

impl<E: Engine> SqlStore<E> {
    pub(super) fn new(engine: E, writers: u32) -> Self {
        Self {
            reading: engine.to_read(),
            watching: engine.to_watch(),
            engine,
            writers: Connections::new(writers.min(E::WRITERS)),
            health: Connections::new(1),
            flush_times: FlushTimes::default(),
            standing: Standing::default(),
            readers: Connections::new(1),
        }
    }

    /// Reads on a connection of those who only read.
    async fn read<T>(
        &self,
        until: Instant,
        query: impl AsyncFnOnce(&mut Connection<E>) -> sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        let mut lease = self.readers.lease(&self.reading, until).await?;
        let answer = before::<E, _>(until, query(&mut lease.connection)).await?;
        lease.give_back();
        Ok(answer)
    }

    /// Runs a transaction on a leased connection, which is kept only when it is surely out of it.
    async fn transact_on(
        &self,
        lease: &mut Lease<'_, E>,
        task: Task<'_>,
        until: Instant,
    ) -> Result<Vec<Written>, (Aborted, Usable)> {
        let limit = server_limit(until).ok_or_else(|| (no_time_left().into(), Usable(true)))?;
        let begun = until.min(Instant::now() + BEGIN_LIMIT);
        let mut transaction = match timeout_at(begun, E::begin(&mut lease.connection, limit)).await {
            Ok(begun) => begun.map_err(|error| {
                let error = E::fault(&error);
                // A begin that met a lock began nothing.
                let usable = matches!(error, StoreError::Transient(_));
                (error.into(), Usable(usable))
            })?,
            Err(_) if begun < until => return Err((silent().into(), Usable(false))),
            Err(_) => return Err((no_answer().into(), Usable(false))),
        };
        let run = timeout_at(until, task.run::<E>(&mut transaction)).await;
        let error = match run.unwrap_or_else(|_| Err(no_answer())) {
            Ok(written) => return commit::<E>(transaction, written, until).await,
            Err(error) => error,
        };
        // After any other error nobody knows the state of the connection.
        let passing = matches!(error, StoreError::Data(_) | StoreError::Transient(_));
        let usable = passing && before::<E, _>(until, transaction.rollback()).await.is_ok();
        Err((error.into(), Usable(usable)))
    }
}

/// Whether a connection may be used for another transaction.
struct Usable(bool);

impl<E: Engine> SqlStore<E> {
    async fn transact_in_line(&self, task: Task<'_>, until: Instant) -> Result<Vec<Written>, Aborted> {
        self.standing.ask()?;
        let place = self.writers.place(until).await?;
        // Who stood in line may have seen the others fail.
        self.standing.admit()?;
        let mut lease = place.lease(&self.engine, until).await?;
        let started = Instant::now();
        let left = until.saturating_duration_since(started);
        let writes_rows = matches!(task, Task::Rows { .. });
        if E::STARTS_ONLY_IN_TIME && writes_rows && left < self.flush_time() {
            lease.give_back();
            return Err(no_time_left().into());
        }
        match self.transact_on(&mut lease, task, until).await {
            Ok(written) => {
                // The end of a batch counts its outcomes: that takes as long as the batch is large.
                if writes_rows {
                    self.flush_times.record(started.elapsed());
                }
                lease.give_back();
                // Whoever waited for the connection was woken on this very thread, where it would stand behind
                // all that our caller now does with the rows.
                yield_now().await;
                Ok(written)
            }
            Err((aborted, Usable(true))) => {
                lease.give_back();
                Err(aborted)
            }
            Err((aborted, Usable(false))) => Err(aborted),
        }
    }

    async fn sign_of_life(&self, until: Instant) -> Result<(), StoreError> {
        let mut lease = self.health.lease(&self.watching, until).await?;
        let pinged = timeout_at(until, E::ping(&mut lease.connection)).await.map_err(|_| silent())?;
        pinged.map_err(|error| E::fault(&error))?;
        lease.give_back();
        Ok(())
    }

    /// Writes a row on a new connection and takes it back.
    async fn try_out(&self, until: Instant) -> Result<(), StoreError> {
        let mut lease = self.health.lease_fresh(&self.watching, until).await?;
        let limit = server_limit(until).ok_or_else(no_time_left)?;
        let mut transaction = before::<E, _>(until, E::begin(&mut lease.connection, limit)).await?;
        timeout_at(until, probe::write::<E>(&mut transaction)).await.map_err(|_| no_answer())??;
        before::<E, _>(until, transaction.rollback()).await?;
        lease.give_back();
        Ok(())
    }
}

#[async_trait]
impl<E: Engine> Transact for SqlStore<E> {
    async fn transact(&self, task: Task<'_>, until: Instant) -> Result<Vec<Written>, Aborted> {
        let done = self.transact_in_line(task, until).await;
        self.standing.note(done.as_ref().err().map(|aborted| &aborted.error));
        done
    }
}

#[async_trait]
impl<E: Engine> Store for SqlStore<E> {
    async fn migrate(&self) -> Result<(), StoreError> {
        let until = Instant::now() + MIGRATION_PATIENCE;
        let mut backoff = Backoff::new(until);
        let mut lease = loop {
            match self.writers.lease_fresh(&self.engine, until).await {
                // Another process is creating the very same file.
                Err(StoreError::Transient(_)) if backoff.wait().await => {}
                lease => break lease?,
            }
        };
        let migrated = self.engine.migrate(&mut lease.connection).await;
        lease.close().await;
        migrated
    }

    async fn write(&self, chunk: &Chunk, until: Instant) -> Vec<Written> {
        writing::write(self, chunk, until).await
    }

    async fn finish_batch(&self, batch: &FinishedBatch, until: Instant) -> Result<(), StoreError> {
        writing::persist(self, Task::Finish(batch), until).await
    }

    async fn count_rejects(&self, batch_id: &str) -> Result<Option<u32>, StoreError> {
        let until = Instant::now() + READ_LIMIT;
        self.read(until, async |connection| E::count_rejects(connection, batch_id).await).await
    }

    async fn read_rejects(&self, page: &RejectsPage<'_>) -> Result<Vec<Reject>, StoreError> {
        let until = Instant::now() + READ_LIMIT;
        self.read(until, async |connection| E::read_rejects(connection, page).await).await
    }

    async fn find_batch(&self, batch_id: &str, until: Instant) -> Result<Option<StoredBatch>, StoreError> {
        again(until, || self.read(until, async |connection| E::find_batch(connection, batch_id).await)).await
    }

    async fn count_outcomes(&self, batch: BatchKey, until: Instant) -> Result<[u32; 8], StoreError> {
        let read = || self.read(until, async |connection| E::count_outcomes(connection, batch).await);
        let counted = again(until, read).await?;
        let count = |outcome: Outcome| counted.iter().find(|(name, _)| name == outcome.name());
        Ok(Outcome::ALL.map(|outcome| count(outcome).map_or(0, |(_, count)| *count as u32)))
    }

    async fn read_results(
        &self,
        page: &ResultsPage<'_>,
        until: Instant,
    ) -> Result<Vec<StoredResult>, StoreError> {
        again(until, || self.read(until, async |connection| E::read_results(connection, page).await)).await
    }

    async fn delete_expired(&self, before: Timestamp, most: u32, until: Instant) -> Result<u64, StoreError> {
        let mut lease = self.writers.lease(&self.engine, until).await?;
        let forgotten = forget::<E>(&mut lease.connection, before, most, until).await?;
        lease.give_back();
        Ok(forgotten)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let until = Instant::now() + PING_LIMIT;
        if !self.standing.is_troubled() {
            return self.sign_of_life(until).await.inspect_err(|error| self.standing.note(Some(error)));
        }
        let tried = self.try_out(until).await;
        self.standing.note(tried.as_ref().err());
        tried
    }

    fn writers(&self) -> usize {
        self.writers.size()
    }

    fn flush_time(&self) -> Duration {
        self.flush_times.worst()
    }

    async fn close(&self) {
        self.writers.close().await;
        self.health.close().await;
        self.readers.close().await;
    }
}

/// Reads again and again while the store does not answer and there is time: one that starts up, or that has ended
/// our connection, is there in a moment.
async fn again<T, F: Future<Output = Result<T, StoreError>>>(
    until: Instant,
    read: impl Fn() -> F,
) -> Result<T, StoreError> {
    let mut backoff = Backoff::new(until);
    loop {
        match read().await {
            Err(StoreError::Unavailable(_) | StoreError::Transient(_)) if backoff.wait().await => {}
            answer => return answer,
        }
    }
}

/// One transaction that deletes about `most` rows.
async fn forget<E: Engine>(
    connection: &mut Connection<E>,
    cutoff: Timestamp,
    most: u32,
    until: Instant,
) -> Result<u64, StoreError> {
    let limit = server_limit(until).ok_or_else(no_time_left)?;
    let mut transaction = before::<E, _>(until, E::begin(connection, limit)).await?;
    let mut forgotten = 0;
    while forgotten < u64::from(most) {
        match before::<E, _>(until, E::delete_expired(&mut transaction, cutoff, most)).await? {
            0 => break,
            rows => forgotten += rows,
        }
    }
    before::<E, _>(until, transaction.commit()).await?;
    Ok(forgotten)
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
            // The engine stood up and refused it. Anything else may have struck after it was done.
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

/// Waits for a statement that does not commit anything: giving it up leaves nothing behind, for its
/// connection is dropped and the transaction with it.
async fn before<E: Engine, T>(
    until: Instant,
    statement: impl Future<Output = sqlx::Result<T>>,
) -> Result<T, StoreError> {
    match timeout_at(until, statement).await {
        Ok(answer) => answer.map_err(|error| E::fault(&error)),
        Err(_) => Err(no_answer()),
    }
}

/// What the engine gets as its own limit: a tenth, at most 50 ms, less than what is left, so that its
/// answer comes in time. `None` when nothing is left.
fn server_limit(until: Instant) -> Option<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    let limit = left - (left / 10).min(Duration::from_millis(50));
    (limit >= Duration::from_millis(1)).then_some(limit)
}

fn no_time_left() -> StoreError {
    StoreError::Unavailable("no time left".into())
}

/// Where a store that works would have answered.
fn silent() -> StoreError {
    StoreError::Unavailable(Outage::new(OutageKind::Unreachable, "it is silent"))
}

fn no_answer() -> StoreError {
    StoreError::Unavailable("no answer in time".into())
}
