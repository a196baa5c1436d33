//! A fixed number of connections, opened when they are first needed and kept while they work.
//!
//! The driver's own pool pings on every release in a task of its own without a time limit: a peer that is
//! silently gone keeps that task, and with it the place in the pool, for ever. Here a connection is kept
//! only when its last use ended well, and is dropped in every other case; there is nothing to ping.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sqlx::Connection as _;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout, timeout_at},
};

use super::{
    StoreError,
    engine::{Connection, Engine},
};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

pub(super) struct Connections<E: Engine> {
    places: Semaphore,
    size: u32,
    idle: Mutex<Vec<Connection<E>>>,
}

/// A connection in use. Dropping it closes the connection, for nobody can say what state it is in.
pub(super) struct Lease<'a, E: Engine> {
    pub(super) connection: Connection<E>,
    home: &'a Connections<E>,
    _place: SemaphorePermit<'a>,
}

impl<E: Engine> Connections<E> {
    pub(super) fn new(size: u32) -> Self {
        Self { places: Semaphore::new(size as usize), size, idle: Mutex::default() }
    }

    /// Waits for a place, then takes an idle connection or opens one.
    pub(super) async fn lease(&self, engine: &E, until: Instant) -> Result<Lease<'_, E>, StoreError> {
        let place = self.place(until).await?;
        let connection = match self.idle(|idle| idle.pop()) {
            Some(connection) => connection,
            None => connect(engine, until).await?,
        };
        Ok(Lease { connection, home: self, _place: place })
    }

    /// Waits for a place and opens a connection that nobody used before.
    pub(super) async fn lease_fresh(&self, engine: &E, until: Instant) -> Result<Lease<'_, E>, StoreError> {
        let place = self.place(until).await?;
        Ok(Lease { connection: connect(engine, until).await?, home: self, _place: place })
    }

    /// Waits for the connections in use, then closes all; later calls find the store closed.
    pub(super) async fn close(&self) {
        let all = timeout(CLOSE_LIMIT, self.places.acquire_many(self.size)).await;
        self.places.close();
        for connection in self.idle(std::mem::take) {
            // A connection that cannot say goodbye in time is dropped, which closes it as well.
            let _ = timeout(CLOSE_LIMIT, connection.close()).await;
        }
        drop(all);
    }

    async fn place(&self, until: Instant) -> Result<SemaphorePermit<'_>, StoreError> {
        match timeout_at(until, self.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(StoreError::Unavailable("closed".into())),
            Err(_) => Err(StoreError::Unavailable("no connection became free in time".into())),
        }
    }

    fn idle<T>(&self, change: impl FnOnce(&mut Vec<Connection<E>>) -> T) -> T {
        change(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<E: Engine> Lease<'_, E> {
    /// Keeps the connection for the next one; it must be out of any transaction.
    pub(super) fn give_back(self) {
        let Self { connection, home, _place } = self;
        // Before the place is free, so that its next holder finds the connection.
        home.idle(|idle| idle.push(connection));
    }

    /// Ends the connection in the engine's own way.
    pub(super) async fn close(self) {
        let _ = timeout(CLOSE_LIMIT, self.connection.close()).await;
    }
}

async fn connect<E: Engine>(engine: &E, until: Instant) -> Result<Connection<E>, StoreError> {
    let until = until.min(Instant::now() + CONNECT_LIMIT);
    match timeout_at(until, engine.connect()).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(E::fault(&error)),
        Err(_) => Err(StoreError::Unavailable("connecting took too long".into())),
    }
}
