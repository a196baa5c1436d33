//! The store over any engine.

use std::time::Duration;

use async_trait::async_trait;
use cleaning::outcome::OutcomeCounts;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::{
    batch_reads, chunk_write,
    connection::{
        backoff::Backoff, flush_times::FlushTimes, health::StoreHealth, pool::ConnectionPool, probe,
    },
    engine::Connection,
    reject_reads, retention,
    statements::Statements,
    time_limit::{engine_limit, no_answer, run_before, unresponsive},
    transaction::Task,
};
use crate::model::{
    BatchKey, Chunk, FinishedBatch, ResultsPage, Store, StoreError, StoredBatch, StoredResult, Written,
    rejects::{Reject, RejectsPage},
};

const PING_LIMIT: Duration = Duration::from_secs(1);

/// How long one page of rejects may take.
const READ_LIMIT: Duration = Duration::from_secs(5);

/// How long a migration waits for a connection; what it then runs has no limit.
const MIGRATION_CONNECT_LIMIT: Duration = Duration::from_secs(5);

pub(crate) struct SqlStore<E: Statements> {
    pub(super) writers: ConnectionPool<E>,
    readers: ConnectionPool<E>,
    /// Apart from the writers: one that waits for a lock must not make a working database look dead.
    probes: ConnectionPool<E>,
    pub(super) flush_times: FlushTimes,
    pub(super) health: StoreHealth,
}

impl<E: Statements> SqlStore<E> {
    pub(crate) fn new(engine: E, writers: u32) -> Self {
        Self {
            readers: ConnectionPool::new(engine.for_reading(), 1),
            probes: ConnectionPool::new(engine.for_probing(), 1),
            writers: ConnectionPool::new(engine, writers.min(E::MAX_WRITERS)),
            flush_times: FlushTimes::default(),
            health: StoreHealth::default(),
        }
    }

    async fn read<T>(
        &self,
        until: Instant,
        query: impl AsyncFnOnce(&mut Connection<E>) -> sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        let mut pooled = self.readers.acquire(until).await?;
        let answer = run_before::<E, _>(until, query(&mut pooled.connection)).await?;
        pooled.release();
        Ok(answer)
    }

    async fn ping_database(&self, until: Instant) -> Result<(), StoreError> {
        let mut pooled = self.probes.acquire(until).await?;
        let pinged = timeout_at(until, E::ping(&mut pooled.connection)).await.map_err(|_| unresponsive())?;
        pinged.map_err(|error| E::fault(&error))?;
        pooled.release();
        Ok(())
    }

    /// Writes rows on a new connection and rolls them back.
    async fn write_probe(&self, until: Instant) -> Result<(), StoreError> {
        let mut pooled = self.probes.acquire_new(until).await?;
        let limit = engine_limit(until)?;
        let mut transaction = run_before::<E, _>(until, E::begin(&mut pooled.connection, limit)).await?;
        timeout_at(until, probe::write::<E>(&mut transaction)).await.map_err(|_| no_answer())??;
        run_before::<E, _>(until, transaction.rollback()).await?;
        pooled.release();
        Ok(())
    }
}

#[async_trait]
impl<E: Statements> Store for SqlStore<E> {
    async fn migrate(&self) -> Result<(), StoreError> {
        let until = Instant::now() + MIGRATION_CONNECT_LIMIT;
        let mut backoff = Backoff::new(until);
        let mut pooled = loop {
            match self.writers.acquire_new(until).await {
                // Another process is creating the very same file.
                Err(StoreError::Transient(_)) if backoff.wait().await => {}
                pooled => break pooled?,
            }
        };
        let migrated = E::migrate(&mut pooled.connection).await;
        pooled.close().await;
        migrated
    }

    async fn write(&self, chunk: &Chunk, until: Instant) -> Vec<Written> {
        chunk_write::write(self, chunk, until).await
    }

    async fn finish_batch(&self, batch: &FinishedBatch, until: Instant) -> Result<(), StoreError> {
        chunk_write::persist(self, Task::Finish(batch), until).await
    }

    async fn count_rejects(&self, batch_id: &str) -> Result<Option<u32>, StoreError> {
        let until = Instant::now() + READ_LIMIT;
        self.read(until, async |connection| reject_reads::count::<E>(connection, batch_id).await).await
    }

    async fn read_rejects(&self, page: &RejectsPage<'_>) -> Result<Vec<Reject>, StoreError> {
        let until = Instant::now() + READ_LIMIT;
        self.read(until, async |connection| reject_reads::read_page::<E>(connection, page).await).await
    }

    async fn find_batch(&self, batch_id: &str, until: Instant) -> Result<Option<StoredBatch>, StoreError> {
        let find = async |connection: &mut _| batch_reads::find_batch::<E>(connection, batch_id).await;
        retried(until, || self.read(until, find)).await
    }

    async fn count_outcomes(&self, batch: BatchKey, until: Instant) -> Result<OutcomeCounts, StoreError> {
        let count = async |connection: &mut _| batch_reads::count_outcomes::<E>(connection, batch).await;
        retried(until, || self.read(until, count)).await
    }

    async fn read_results(
        &self,
        page: &ResultsPage<'_>,
        until: Instant,
    ) -> Result<Vec<StoredResult>, StoreError> {
        let read = async |connection: &mut _| batch_reads::read_results::<E>(connection, page).await;
        retried(until, || self.read(until, read)).await
    }

    /// One transaction.
    async fn delete_expired(
        &self,
        cutoff: Timestamp,
        max_rows: u32,
        until: Instant,
    ) -> Result<u64, StoreError> {
        let mut pooled = self.writers.acquire(until).await?;
        let limit = engine_limit(until)?;
        let mut transaction = run_before::<E, _>(until, E::begin(&mut pooled.connection, limit)).await?;
        let mut deleted = 0;
        while deleted < u64::from(max_rows) {
            match run_before::<E, _>(until, retention::delete_some::<E>(&mut transaction, cutoff, max_rows))
                .await?
            {
                0 => break,
                rows => deleted += rows,
            }
        }
        run_before::<E, _>(until, transaction.commit()).await?;
        pooled.release();
        Ok(deleted)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let until = Instant::now() + PING_LIMIT;
        if !self.health.is_failing() {
            return self.ping_database(until).await.inspect_err(|error| self.health.record(Some(error)));
        }
        let probed = self.write_probe(until).await;
        self.health.record(probed.as_ref().err());
        probed
    }

    fn writers(&self) -> usize {
        self.writers.size()
    }

    fn flush_time(&self) -> Duration {
        self.flush_times.percentile_99()
    }

    async fn close(&self) {
        self.writers.close().await;
        self.probes.close().await;
        self.readers.close().await;
    }
}

/// Retries a read while the store cannot be reached and there is time: one that is starting, or that has ended our
/// connection, is back in a moment.
async fn retried<T, F: Future<Output = Result<T, StoreError>>>(
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
