//! Guards a batch with a caller-chosen id: it runs once at a time, and an earlier run is known.

use std::sync::Arc;

use cleaning::{
    record::{BatchId, RawRecord},
    resend_digest::ResendDigest,
};

use super::previous_run::PreviousRun;
use tokio::task::coop::consume_budget;

use crate::{
    context::RequestContext,
    logic::batch::{CheckedRecord, ResendError, ResendState, read_deadline},
    svc::{BatchLease, ServiceContext},
};

/// A batch that its caller may send again.
pub(crate) struct ResendGuard {
    lease: Arc<BatchLease>,
    previous: Option<PreviousRun>,
}

impl ResendGuard {
    /// Takes the lease of a batch and finds its previous run. None for a batch that cannot be sent again or leaves
    /// nothing behind: such a batch costs nothing here.
    pub(super) async fn acquire(
        batch_id: &BatchId,
        validate_only: bool,
        context: &RequestContext,
        svc: &ServiceContext,
    ) -> Result<Option<Self>, ResendError> {
        if !batch_id.is_given || validate_only {
            return Ok(None);
        }
        let until = read_deadline(context.deadline);
        let lease = svc.leases.acquire(&batch_id.text, until).await.ok_or(ResendError::AlreadyRunning)?;
        let previous = PreviousRun::find(&svc.store, &batch_id.text, context.deadline).await?;
        Ok(Some(Self { lease: Arc::new(lease), previous }))
    }

    pub(super) fn state(&self) -> ResendState {
        ResendState {
            lease: Arc::clone(&self.lease),
            resumes: self.previous.is_some(),
            ended: self.previous.as_ref().and_then(|previous| previous.ended),
        }
    }

    /// Checks records in ascending order of their indexes.
    pub(super) async fn check_all(
        &mut self,
        records: &[RawRecord],
    ) -> Result<Vec<CheckedRecord>, ResendError> {
        let mut checked = Vec::with_capacity(records.len());
        for record in records {
            consume_budget().await;
            checked.push(self.check(record).await?);
        }
        Ok(checked)
    }

    /// Checks the next record: an error if it differs from the one that the previous run had at its position.
    pub(crate) async fn check(&mut self, record: &RawRecord) -> Result<CheckedRecord, ResendError> {
        let digest = ResendDigest::from_record(record);
        let previous = match &mut self.previous {
            Some(previous) => previous.settlement(record.index, digest).await?,
            None => None,
        };
        Ok(CheckedRecord { digest, previous })
    }
}
