//! `ListResults`: what became of the records of a batch, page by page.

use std::sync::Arc;

use super::{
    get_batch::{ReadError, find, read_until, unreadable},
    previous_run::settlement,
    report::RecordResult,
};
use crate::{
    context::RequestContext,
    model::{ResultsPage, StoredResult},
    svc::ServiceContext,
};
use cleaning::outcome::Outcome;

/// Which results are asked for.
pub struct PageRequest {
    /// The batch.
    pub batch_id: String,
    /// Which outcomes are listed.
    pub outcomes: Vec<Outcome>,
    /// The least index.
    pub from: u32,
    /// Most results of the page.
    pub size: u32,
}

/// Some results of a batch, in the order of their indexes.
pub struct ResultPage {
    /// At most as many as were asked for.
    pub results: Vec<RecordResult>,
    /// Whether there are more behind them.
    pub more: bool,
}

/// The logic of one `ListResults` call.
pub struct ListResultsLogic {
    context: RequestContext,
    svc: Arc<ServiceContext>,
}

impl ListResultsLogic {
    /// The logic of a call.
    pub fn new(context: RequestContext, svc: Arc<ServiceContext>) -> Self {
        Self { context, svc }
    }

    /// Reads a page.
    pub async fn run(self, asked: &PageRequest) -> Result<ResultPage, ReadError> {
        let batch = find(&self.svc, &asked.batch_id, &self.context).await?;
        // One more tells whether there are more.
        let limit = asked.size.saturating_add(1);
        let page = ResultsPage {
            batch: batch.key,
            from: asked.from,
            to: u32::MAX,
            limit,
            outcomes: &asked.outcomes,
        };
        let mut found =
            self.svc.store.read_results(&page, read_until(&self.context)).await.map_err(unreadable)?;
        let more = found.len() > asked.size as usize;
        found.truncate(asked.size as usize);
        Ok(ResultPage { results: found.into_iter().map(result).collect(), more })
    }
}

fn result(mut stored: StoredResult) -> RecordResult {
    let id = std::mem::take(&mut stored.record_id).into();
    RecordResult { index: stored.index, id, settlement: settlement(stored) }
}
