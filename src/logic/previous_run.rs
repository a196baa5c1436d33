//! What an earlier sending of a batch has left in the books, read as it is needed: in windows of indexes, so that
//! a batch of any size takes little memory.

use std::{collections::VecDeque, sync::Arc};

use tokio::time::Instant;
use tracing::warn;

use super::{
    ledger::Settlement,
    resend_guard::{ResendError, read_deadline},
};
use crate::model::{BatchKey, ResultsPage, Store, StoreError, StoredResult};
use cleaning::{
    outcome::{Completion, Outcome},
    resend_digest::ResendDigest,
};

/// Indexes of a window.
const WINDOW: u32 = 2_000;

/// An earlier sending of a batch.
pub(super) struct PreviousRun {
    store: Arc<dyn Store>,
    batch: BatchKey,
    /// As what it ended; none if its process died.
    pub ended: Option<Completion>,
    deadline: Instant,
    /// The results of the window that are still to be asked for.
    window: VecDeque<StoredResult>,
    /// The first index after the window.
    end: u64,
}

impl PreviousRun {
    /// Finds what the books know of a batch; none if they do not know it.
    pub(super) async fn find(
        store: &Arc<dyn Store>,
        batch_id: &str,
        deadline: Instant,
    ) -> Result<Option<Self>, ResendError> {
        let found = store.find_batch(batch_id, read_deadline(deadline)).await.map_err(unreadable)?;
        Ok(found.map(|batch| Self {
            store: Arc::clone(store),
            batch: batch.key,
            ended: batch.ended.map(|(_, completion)| completion),
            deadline,
            window: VecDeque::new(),
            end: 0,
        }))
    }

    /// How a record ended, if that stands: it is the same record, and its data or the store has decided. Asked for
    /// in ascending order of the indexes.
    pub(super) async fn settlement(
        &mut self,
        index: u32,
        digest: ResendDigest,
    ) -> Result<Option<Settlement>, ResendError> {
        if u64::from(index) >= self.end {
            self.read_from(index).await?;
        }
        while self.window.front().is_some_and(|result| result.index < index) {
            self.window.pop_front();
        }
        if self.window.front().is_none_or(|result| result.index != index) {
            return Ok(None);
        }
        let Some(result) = self.window.pop_front() else { return Ok(None) };
        match result.digest {
            // Nobody knows what it was about.
            None => Ok(None),
            Some(before) if before != digest => Err(ResendError::RecordDiffers { index }),
            Some(_) => Ok(result.outcome.is_settled_for_good().then(|| settlement(result))),
        }
    }

    async fn read_from(&mut self, index: u32) -> Result<(), ResendError> {
        let to = index.saturating_add(WINDOW - 1);
        let page = ResultsPage { batch: self.batch, from: index, to, limit: WINDOW, outcomes: &Outcome::ALL };
        self.window =
            self.store.read_results(&page, read_deadline(self.deadline)).await.map_err(unreadable)?.into();
        self.end = u64::from(to) + 1;
        Ok(())
    }
}

/// How a record ended, as it was told the first time.
pub(super) fn settlement(result: StoredResult) -> Settlement {
    let StoredResult { outcome, issues, retryable, attempts, .. } = result;
    Settlement { outcome, issues: issues.into(), retryable, attempts }
}

fn unreadable(error: StoreError) -> ResendError {
    warn!(%error, "the books could not be read");
    ResendError::StoreUnavailable
}
