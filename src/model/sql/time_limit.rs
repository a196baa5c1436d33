//! Time limits of statements and transactions, and the errors of those that take longer.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::engine::Engine;
use crate::model::{Outage, OutageKind, StoreError};

/// Awaits a statement that commits nothing: giving it up leaves nothing behind, because its connection is dropped and
/// the transaction with it.
pub(super) async fn run_before<E: Engine, T>(
    until: Instant,
    statement: impl Future<Output = sqlx::Result<T>>,
) -> Result<T, StoreError> {
    match timeout_at(until, statement).await {
        Ok(answer) => answer.map_err(|error| E::fault(&error)),
        Err(_) => Err(no_answer()),
    }
}

/// The limit that the engine itself keeps: by a tenth, at most 50 ms, less than what is left, so that its answer comes in
/// time. An error if nothing is left.
pub(super) fn engine_limit(until: Instant) -> Result<Duration, StoreError> {
    let left = until.saturating_duration_since(Instant::now());
    let limit = left - (left / 10).min(Duration::from_millis(50));
    if limit >= Duration::from_millis(1) { Ok(limit) } else { Err(no_time_left()) }
}

pub(super) fn no_time_left() -> StoreError {
    StoreError::Unavailable("no time left".into())
}

pub(super) fn no_answer() -> StoreError {
    StoreError::Unavailable("no answer in time".into())
}

/// No answer where a store that works would have answered.
pub(super) fn unresponsive() -> StoreError {
    StoreError::Unavailable(Outage::new(OutageKind::Unreachable, "no answer"))
}
