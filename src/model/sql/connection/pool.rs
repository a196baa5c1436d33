//! A fixed number of connections, opened when they are first needed and kept while they work.
//!
//! The driver's own pool pings every connection that is released, in a task without a time limit: a peer that has
//! fallen silent keeps that task and its permit forever
//! (<https://github.com/transact-rs/sqlx/issues/4349>). Here a connection is kept only when its last use ended well, and
//! is dropped in every other case, so there is nothing to ping. A caller can also take a slot first and its connection
//! later, and check in between whether the store is worth calling.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sqlx::Connection as _;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout, timeout_at},
};

use crate::model::{
    Outage, OutageKind, StoreError,
    sql::engine::{Connection, Engine},
};

/// A server that needs longer cannot be written to in time. Callers that wait for a slot wait for this, too.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// A shorter time says nothing about a server that has not answered.
const MIN_ANSWER_TIME: Duration = Duration::from_millis(500);
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

pub(crate) struct ConnectionPool<E: Engine> {
    engine: E,
    slots: Semaphore,
    size: u32,
    idle: Mutex<Vec<Connection<E>>>,
}

/// The right to a connection.
pub(crate) struct ConnectionSlot<'a, E: Engine> {
    pool: &'a ConnectionPool<E>,
    permit: SemaphorePermit<'a>,
}

/// A connection in use. Dropping it closes the connection, because its state is unknown.
pub(crate) struct PooledConnection<'a, E: Engine> {
    pub(crate) connection: Connection<E>,
    slot: ConnectionSlot<'a, E>,
}

impl<E: Engine> ConnectionPool<E> {
    pub(crate) fn new(engine: E, size: u32) -> Self {
        Self { engine, slots: Semaphore::new(size as usize), size, idle: Mutex::default() }
    }

    pub(crate) fn size(&self) -> usize {
        self.size as usize
    }

    /// Waits for a slot, then takes an idle connection or opens one.
    pub(crate) async fn acquire(&self, until: Instant) -> Result<PooledConnection<'_, E>, StoreError> {
        self.slot(until).await?.connect(until).await
    }

    /// Waits for a slot, closes the idle connections, and opens a new one.
    pub(crate) async fn acquire_new(&self, until: Instant) -> Result<PooledConnection<'_, E>, StoreError> {
        let slot = self.slot(until).await?;
        drop(self.idle(std::mem::take));
        slot.connect(until).await
    }

    pub(crate) async fn slot(&self, until: Instant) -> Result<ConnectionSlot<'_, E>, StoreError> {
        match timeout_at(until, self.slots.acquire()).await {
            Ok(Ok(permit)) => Ok(ConnectionSlot { pool: self, permit }),
            Ok(Err(_)) => Err(StoreError::Unavailable("the store was closed".into())),
            Err(_) => Err(StoreError::Unavailable("no connection became free in time".into())),
        }
    }

    /// Waits for the connections in use, then closes all; later calls find the pool closed.
    pub(crate) async fn close(&self) {
        let all = timeout(CLOSE_LIMIT, self.slots.acquire_many(self.size)).await;
        self.slots.close();
        for connection in self.idle(std::mem::take) {
            // A connection that cannot end properly in time is dropped, which closes it as well.
            let _ = timeout(CLOSE_LIMIT, connection.close()).await;
        }
        drop(all);
    }

    fn idle<T>(&self, change: impl FnOnce(&mut Vec<Connection<E>>) -> T) -> T {
        change(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<'a, E: Engine> ConnectionSlot<'a, E> {
    /// Takes an idle connection or opens one.
    pub(crate) async fn connect(self, until: Instant) -> Result<PooledConnection<'a, E>, StoreError> {
        let connection = match self.pool.idle(Vec::pop) {
            Some(connection) => connection,
            None => connect(&self.pool.engine, until).await?,
        };
        Ok(PooledConnection { connection, slot: self })
    }
}

impl<E: Engine> PooledConnection<'_, E> {
    /// Keeps the connection for the next caller; it must not be in a transaction.
    pub(crate) fn release(self) {
        let ConnectionSlot { pool, permit } = self.slot;
        // Before the slot is free, so that its next holder finds the connection.
        pool.idle(|idle| idle.push(self.connection));
        drop(permit);
    }

    /// Ends the connection in the engine's own way.
    pub(crate) async fn close(self) {
        let _ = timeout(CLOSE_LIMIT, self.connection.close()).await;
    }
}

async fn connect<E: Engine>(engine: &E, until: Instant) -> Result<Connection<E>, StoreError> {
    let started = Instant::now();
    let until = until.min(started + CONNECT_LIMIT);
    match timeout_at(until, engine.connect()).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(E::fault(&error)),
        Err(_) => {
            let is_away = until >= started + MIN_ANSWER_TIME;
            let kind = if is_away { OutageKind::Unreachable } else { OutageKind::Other };
            Err(StoreError::Unavailable(Outage::new(kind, "connecting took too long")))
        }
    }
}
