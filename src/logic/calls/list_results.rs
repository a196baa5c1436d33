//! `ListResults`: what became of the records of a batch, page by page.

use std::sync::Arc;

use cleaning::outcome::Outcome;

use super::get_batch::{ReadError, call_deadline, find, unreadable};
use crate::{
    context::RequestContext,
    logic::{batch_run::previous_run::settlement_of, ledger::RecordResult},
    model::{ResultsPage, StoredResult},
    svc::ServiceContext,
};

/// Which results are asked for.
pub struct PageRequest {
    pub batch_id: String,
    /// Which outcomes are listed.
    pub outcomes: Vec<Outcome>,
    /// The first index.
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
    pub fn new(context: RequestContext, svc: Arc<ServiceContext>) -> Self {
        Self { context, svc }
    }

    pub async fn run(self, asked: &PageRequest) -> Result<ResultPage, ReadError> {
        let batch = find(&self.svc, &asked.batch_id, &self.context).await?;
        let page = ResultsPage {
            batch: batch.key,
            from: asked.from,
            to: u32::MAX,
            // One more tells whether there are more.
            limit: asked.size.saturating_add(1),
            outcomes: &asked.outcomes,
        };
        let found = self.svc.store.read_results(&page, call_deadline(&self.context)).await;
        let mut found = found.map_err(unreadable)?;
        let more = found.len() > asked.size as usize;
        found.truncate(asked.size as usize);
        Ok(ResultPage { results: found.into_iter().map(result).collect(), more })
    }
}

fn result(mut stored: StoredResult) -> RecordResult {
    let id = std::mem::take(&mut stored.record_id).into();
    RecordResult { index: stored.index, id, settlement: settlement_of(stored) }
}
