//! `GetBatch`: what the store knows of a batch.

use std::{sync::Arc, time::Duration};

use cleaning::outcome::{Completion, OutcomeCounts};
use jiff::Timestamp;
use thiserror::Error;
use tokio::time::Instant;
use tracing::warn;

use crate::{
    context::RequestContext,
    logic::batch::read_deadline,
    model::{StoreError, StoredBatch},
    svc::ServiceContext,
};

/// Longest time that one call reads.
const MAX_CALL_READ: Duration = Duration::from_secs(5);

/// Why a batch cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error("no such batch is known")]
    NotFound,
    #[error("the store cannot be read")]
    StoreUnavailable,
}

/// What is known of a batch.
pub struct BatchState {
    /// When it was sent first.
    pub started_at: Timestamp,
    /// When and how it ended the last time; none while it runs, and if its process died.
    pub ended: Option<(Timestamp, Completion)>,
    pub by_outcome: OutcomeCounts,
}

/// The logic of one `GetBatch` call.
pub struct GetBatchLogic {
    context: RequestContext,
    svc: Arc<ServiceContext>,
}

impl GetBatchLogic {
    pub fn new(context: RequestContext, svc: Arc<ServiceContext>) -> Self {
        Self { context, svc }
    }

    /// Looks a batch up. If it has not ended, its outcomes are counted, which takes a second or so per million.
    pub async fn run(self, batch_id: &str) -> Result<BatchState, ReadError> {
        let until = call_deadline(&self.context);
        let batch = find(&self.svc, batch_id, &self.context).await?;
        let StoredBatch { key, started_at, ended, by_outcome } = batch;
        let by_outcome = match by_outcome {
            Some(known) => known,
            None => self.svc.store.count_outcomes(key, until).await.map_err(unreadable)?,
        };
        Ok(BatchState { started_at, ended, by_outcome })
    }
}

/// Until when one call may read.
pub(super) fn call_deadline(context: &RequestContext) -> Instant {
    context.deadline.min(Instant::now() + MAX_CALL_READ)
}

/// What is known of a batch.
pub(super) async fn find(
    svc: &ServiceContext,
    batch_id: &str,
    context: &RequestContext,
) -> Result<StoredBatch, ReadError> {
    let found = svc.store.find_batch(batch_id, read_deadline(context.deadline)).await.map_err(unreadable)?;
    found.ok_or(ReadError::NotFound)
}

pub(super) fn unreadable(error: StoreError) -> ReadError {
    warn!(%error, "a batch could not be read from the store");
    ReadError::StoreUnavailable
}
