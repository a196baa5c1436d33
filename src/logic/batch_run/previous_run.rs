//! What a previous run of a batch has left in the store. It is read as it is needed, in windows of indexes, so that a
//! batch of any size takes little memory.

use std::{collections::VecDeque, sync::Arc};

use cleaning::{
    outcome::{Completion, Outcome},
    resend_digest::ResendDigest,
};
use tokio::time::Instant;
use tracing::warn;

use crate::{
    logic::{
        batch::{ResendError, read_deadline},
        ledger::Settlement,
    },
    model::{BatchKey, ResultsPage, Store, StoreError, StoredResult},
};

/// Indexes of a window.
const WINDOW: u32 = 2_000;

/// The previous run of a batch.
pub(super) struct PreviousRun {
    store: Arc<dyn Store>,
    batch: BatchKey,
    /// How it ended; none if its process died.
    pub ended: Option<Completion>,
    deadline: Instant,
    /// The results of the window that are still to be looked up.
    window: VecDeque<StoredResult>,
    /// The first index after the window.
    end: u64,
}

impl PreviousRun {
    /// Finds the previous run of a batch; none if the store knows no such batch.
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

    /// How a record was settled, if that is final: it is the same record, and its data or the store decided. Called
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
        let Some(result) = self.window.pop_front_if(|result| result.index == index) else { return Ok(None) };
        match result.digest {
            // Unknown whether it was the same record.
            None => Ok(None),
            Some(before) if before != digest => Err(ResendError::RecordDiffers { index }),
            Some(_) => Ok(result.outcome.is_settled_for_good().then(|| settlement_of(result))),
        }
    }

    async fn read_from(&mut self, index: u32) -> Result<(), ResendError> {
        let to = index.saturating_add(WINDOW - 1);
        let page = ResultsPage { batch: self.batch, from: index, to, limit: WINDOW, outcomes: &Outcome::ALL };
        let results = self.store.read_results(&page, read_deadline(self.deadline)).await;
        self.window = results.map_err(unreadable)?.into();
        self.end = u64::from(to) + 1;
        Ok(())
    }
}

/// How a record was settled, as the store has it.
pub(crate) fn settlement_of(result: StoredResult) -> Settlement {
    let StoredResult { outcome, issues, retryable, attempts, .. } = result;
    Settlement { outcome, issues: issues.into(), retryable, attempts }
}

fn unreadable(error: StoreError) -> ResendError {
    warn!(%error, "the previous run of a batch could not be read");
    ResendError::StoreUnavailable
}
