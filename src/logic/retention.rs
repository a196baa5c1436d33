//! Retention: deletes batches that ended long ago with their outcomes and rejects. Patients stay.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::{
    model::{Store, StoreError},
    svc::ServiceContext,
};

/// How often expired batches are looked for.
const INTERVAL: Duration = Duration::from_secs(3600);

/// The pause after the store failed: short at a start, when it may not be ready for a moment.
const RETRY_AT_START: Duration = Duration::from_secs(1);
const RETRY_AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Rows of one transaction: some milliseconds.
const MAX_ROWS: u32 = 1_000;

/// How long one transaction may take, including the wait for its connection.
const MAX_TRANSACTION_TIME: Duration = Duration::from_secs(5);

/// The pause after a transaction, as a multiple of its time: running batches have the writers for the rest.
const REST_FACTOR: u32 = 4;

/// Deletes expired batches, at once and then every hour, until `stop`. A transaction that has begun is ended.
pub async fn run_retention(svc: Arc<ServiceContext>, keep: Duration, stop: CancellationToken) {
    let mut has_worked = false;
    loop {
        let pause = match delete_expired(&*svc.store, keep, &stop).await {
            Ok(rows) => {
                has_worked = true;
                if rows > 0 {
                    info!(rows, "expired batches were deleted");
                }
                INTERVAL
            }
            Err(error) if has_worked => {
                warn!(%error, "expired batches could not be deleted");
                RETRY_AFTER_FAILURE
            }
            Err(error) => {
                debug!(%error, "the store is not ready to delete expired batches");
                RETRY_AT_START
            }
        };
        if stop.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
    }
}

/// Deletes what is older than `keep`, in small transactions with pauses between. Returns how many rows were deleted.
pub async fn delete_expired(
    store: &dyn Store,
    keep: Duration,
    stop: &CancellationToken,
) -> Result<u64, StoreError> {
    let keep = SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX);
    let Ok(before) = Timestamp::now().checked_sub(keep) else { return Ok(0) };
    let mut deleted = 0;
    while !stop.is_cancelled() {
        let started = Instant::now();
        match store.delete_expired(before, MAX_ROWS, started + MAX_TRANSACTION_TIME).await? {
            0 => break,
            rows => deleted += rows,
        }
        stop.run_until_cancelled(sleep(started.elapsed() * REST_FACTOR)).await;
    }
    Ok(deleted)
}
