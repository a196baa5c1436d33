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
    Outage, OutageKind, StoreError,
    engine::{Connection, Engine},
};

/// A server that needs longer is none to write to in time. Who waits for a place waits for this, too.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// Less says nothing about a server that has not answered.
const TIME_TO_ANSWER: Duration = Duration::from_millis(500);
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

pub(super) struct Connections<E: Engine> {
    places: Semaphore,
    size: u32,
    idle: Mutex<Vec<Connection<E>>>,
}

/// The right to a connection.
pub(super) struct Place<'a, E: Engine> {
    home: &'a Connections<E>,
    permit: SemaphorePermit<'a>,
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

    pub(super) fn size(&self) -> usize {
        self.size as usize
    }

    /// Waits for a place, then takes an idle connection or opens one.
    pub(super) async fn lease(&self, engine: &E, until: Instant) -> Result<Lease<'_, E>, StoreError> {
        self.place(until).await?.lease(engine, until).await
    }

    /// Waits for a place, closes what lies idle, and opens a connection that nobody used before.
    pub(super) async fn lease_fresh(&self, engine: &E, until: Instant) -> Result<Lease<'_, E>, StoreError> {
        let place = self.place(until).await?;
        drop(self.idle(std::mem::take));
        place.lease(engine, until).await
    }

    /// Waits for the right to a connection.
    pub(super) async fn place(&self, until: Instant) -> Result<Place<'_, E>, StoreError> {
        match timeout_at(until, self.places.acquire()).await {
            Ok(Ok(permit)) => Ok(Place { home: self, permit }),
            Ok(Err(_)) => Err(StoreError::Unavailable("closed".into())),
            Err(_) => Err(StoreError::Unavailable("no connection became free in time".into())),
        }
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

    fn idle<T>(&self, change: impl FnOnce(&mut Vec<Connection<E>>) -> T) -> T {
        change(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<'a, E: Engine> Place<'a, E> {
    /// Takes an idle connection or opens one.
    pub(super) async fn lease(self, engine: &E, until: Instant) -> Result<Lease<'a, E>, StoreError> {
        let Self { home, permit } = self;
        let connection = match home.idle(|idle| idle.pop()) {
            Some(connection) => connection,
            None => connect(engine, until).await?,
        };
        Ok(Lease { connection, home, _place: permit })
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
    let started = Instant::now();
    let until = until.min(started + CONNECT_LIMIT);
    match timeout_at(until, engine.connect()).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(E::fault(&error)),
        Err(_) => {
            let is_away = until >= started + TIME_TO_ANSWER;
            let kind = if is_away { OutageKind::Unreachable } else { OutageKind::Other };
            Err(StoreError::Unavailable(Outage::new(kind, "connecting took too long")))
        }
    }
}
