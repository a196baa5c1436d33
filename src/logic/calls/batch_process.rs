//! `BatchProcess`: one whole batch from its raw records to its report.

use std::sync::Arc;

use cleaning::{outcome::Completion, record::RawBatch};
use tokio::task::coop::consume_budget;

use crate::{
    context::RequestContext,
    logic::{
        batch_run::{BatchError, BatchReport, BatchRun, BatchSpec, Started},
        ledger::Ledger,
    },
    svc::ServiceContext,
};

/// The logic of one `BatchProcess` call.
pub struct BatchProcessLogic {
    context: RequestContext,
    svc: Arc<ServiceContext>,
}

impl BatchProcessLogic {
    pub fn new(context: RequestContext, svc: Arc<ServiceContext>) -> Self {
        Self { context, svc }
    }

    /// Processes a batch and returns one outcome per record before the deadline of the call, also when the caller
    /// goes away or the process is drained. Final outcomes of a previous run are returned as they were; a batch with
    /// a record that differs from the previous run is refused as a whole. The future must not be dropped: the process
    /// owns it.
    pub async fn run(self, batch: RawBatch) -> Result<BatchReport, BatchError> {
        let RawBatch { id, records, validate_only, reject_limit } = batch;
        let count = u32::try_from(records.len()).expect("the server bounds the records of a batch");
        let ledger = Ledger::whole(count);
        let linger = self.svc.limits.linger;
        let spec = BatchSpec { id, validate_only, reject_limit, ledger: Arc::clone(&ledger), linger };
        let Started { run, checked, .. } = BatchRun::start(self.context, self.svc, spec, &records).await?;

        let mut intake = run.intake(records.len());
        let mut checked = checked.into_iter();
        for record in records {
            consume_budget().await;
            intake.receive(record.index, record, checked.next());
        }
        intake.end();
        let all_settled = async {
            ledger.all_settled().await;
            Completion::Complete
        };
        let completion = run.until_ended(all_settled).await;
        let hospitals = intake.close().await;
        let report = run.finish(hospitals, completion).await;
        Ok(BatchReport { results: ledger.results(), ..report })
    }
}
