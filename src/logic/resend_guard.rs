//! What a batch starts with whose caller chose its id: nobody else runs it in this process, and what an earlier
//! sending of it has left is known.

use std::{sync::Arc, time::Duration};

use thiserror::Error;
use tokio::time::Instant;

use super::{ledger::Settlement, previous_run::PreviousRun};
use crate::{
    context::RequestContext,
    svc::{BatchLease, ServiceContext},
};
use cleaning::{
    outcome::Completion,
    record::{BatchId, RawRecord},
    resend_digest::ResendDigest,
};

/// Longest time that the books may take to say what they know of a batch.
const MAX_READ_TIME: Duration = Duration::from_secs(1);

/// Why a batch cannot be sent again now, or not so.
#[derive(Debug, Error)]
pub enum ResendError {
    /// The same batch runs now.
    #[error("the same batch runs now")]
    AlreadyRunning,
    /// A record is not the one that was sent in its place before.
    #[error("record {index} is not the one that was sent in its place before")]
    RecordDiffers {
        /// Place of the first such record in the batch.
        index: u32,
    },
    /// The store does not say what became of the batch before.
    #[error("the store does not say what became of the batch before")]
    StoreUnavailable,
}

/// A batch that its caller may send again.
pub(super) struct ResendGuard {
    running: Arc<BatchLease>,
    earlier: Option<PreviousRun>,
}

/// What the writer of a batch keeps of its claim.
#[derive(Clone)]
pub(super) struct ResendState {
    running: Arc<BatchLease>,
    /// Whether the batch was known before.
    pub resumes: bool,
    /// As what it ended before.
    pub ended: Option<Completion>,
}

/// A record of a claimed batch, and what became of it before if that stands.
pub(super) struct Checked {
    pub digest: ResendDigest,
    pub settlement: Option<Settlement>,
}

impl ResendGuard {
    /// Claims a batch. None for one that nobody can send again, or that leaves nothing behind: such a batch
    /// costs nothing here.
    pub(super) async fn of(
        batch_id: &BatchId,
        validate_only: bool,
        context: &RequestContext,
        svc: &ServiceContext,
    ) -> Result<Option<Self>, ResendError> {
        if !batch_id.is_given || validate_only {
            return Ok(None);
        }
        let until = read_deadline(context.deadline);
        let running = svc.leases.enter(&batch_id.text, until).await.ok_or(ResendError::AlreadyRunning)?;
        let earlier = PreviousRun::find(&svc.store, &batch_id.text, context.deadline).await?;
        Ok(Some(Self { running: Arc::new(running), earlier }))
    }

    /// What the writer of the batch keeps.
    pub(super) fn state(&self) -> ResendState {
        ResendState {
            running: Arc::clone(&self.running),
            resumes: self.earlier.is_some(),
            ended: self.earlier.as_ref().and_then(|earlier| earlier.ended),
        }
    }

    /// Looks a record up. An error if another one was sent in its place before.
    pub(super) async fn check(&mut self, record: &RawRecord) -> Result<Checked, ResendError> {
        let digest = ResendDigest::from_record(record);
        let settlement = match &mut self.earlier {
            Some(earlier) => earlier.settlement(record.index, digest).await?,
            None => None,
        };
        Ok(Checked { digest, settlement })
    }
}

impl ResendState {
    /// Notes that the answer is there.
    pub(super) fn answered(&self) {
        self.running.answered();
    }
}

/// Until when the books are waited for: long enough for a store that works, and well before the deadline.
pub(super) fn read_deadline(deadline: Instant) -> Instant {
    let now = Instant::now();
    now + MAX_READ_TIME.min(deadline.saturating_duration_since(now) / 4)
}
