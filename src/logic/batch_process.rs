//! `BatchProcess`: one whole batch from its raw records to its report.

use std::{sync::Arc, time::Duration};

use super::{
    feeder::RECORDS_PER_TURN,
    ledger::Ledger,
    report::BatchReport,
    resend_guard::{Checked, ResendError, ResendGuard},
    run::{BatchRun, BatchSpec},
};
use crate::{context::RequestContext, svc::ServiceContext};
use cleaning::{
    outcome::Completion,
    record::{RawBatch, RawRecord},
};

pub use super::run::BatchError;

/// The logic of one `BatchProcess` call.
pub struct BatchProcessLogic {
    context: RequestContext,
    svc: Arc<ServiceContext>,
}

impl BatchProcessLogic {
    /// The logic of a call.
    pub fn new(context: RequestContext, svc: Arc<ServiceContext>) -> Self {
        Self { context, svc }
    }

    /// Processes a batch and answers with one outcome per record before the call's deadline, also when the
    /// caller goes away or the process is drained. What stands of an earlier sending of the batch is answered as
    /// it was; a batch with another record in the place of one of these is refused as a whole. The future must
    /// not be dropped: the process owns it.
    pub async fn run(self, batch: RawBatch) -> Result<BatchReport, BatchError> {
        let RawBatch { id: batch_id, records, validate_only, reject_limit } = batch;
        let count = records.len();
        let mut claim = ResendGuard::of(&batch_id, validate_only, &self.context, &self.svc).await?;
        let mut checked = check(claim.as_mut(), &records).await?.into_iter();
        let ledger = Ledger::whole(u32::try_from(count).expect("the server bounds the records of a batch"));
        let linger = self.svc.limits.linger;
        let claim = claim.map(|claim| claim.state());
        let fastest = fastest(&records, &self.svc);
        let batch_id = batch_id.text;
        let held = Arc::clone(&ledger);
        let plan = BatchSpec { batch_id, validate_only, claim, ledger: held, reject_limit, fastest, linger };
        let run = BatchRun::start(self.context, self.svc, plan)?;

        let mut intake = run.intake(count);
        for record in records {
            if record.index % RECORDS_PER_TURN == RECORDS_PER_TURN - 1 {
                tokio::task::yield_now().await;
            }
            intake.receive(record.index, record, checked.next());
        }
        intake.end();
        let by_itself = async {
            ledger.all_settled().await;
            Completion::Complete
        };
        let completion = run.until_ended(by_itself).await;
        let hospitals = intake.close().await;
        let report = run.finish(hospitals, completion).await;
        Ok(BatchReport { results: ledger.results(), ..report })
    }
}

/// Looks up every record of a batch that may have been sent before; nothing for one that cannot.
async fn check(claim: Option<&mut ResendGuard>, records: &[RawRecord]) -> Result<Vec<Checked>, ResendError> {
    let Some(claim) = claim else { return Ok(Vec::new()) };
    let mut checked = Vec::with_capacity(records.len());
    for record in records {
        if record.index % RECORDS_PER_TURN == RECORDS_PER_TURN - 1 {
            tokio::task::yield_now().await;
        }
        checked.push(claim.check(record).await?);
    }
    Ok(checked)
}

/// The time that the fastest of some records usually needs at its hospital: none if it is not asked.
fn fastest(records: &[RawRecord], svc: &ServiceContext) -> Duration {
    let mut fastest = Duration::MAX;
    let mut last_code = None;
    for record in records {
        // The records of a hospital mostly come together.
        if last_code.replace(&record.hospital_code) == Some(&record.hospital_code) {
            continue;
        }
        let api =
            svc.hospitals.get(&record.hospital_code).and_then(|hospital| hospital.verification.as_ref());
        fastest = fastest.min(api.map_or(Duration::ZERO, |api| api.health.expected_call_time()));
    }
    fastest
}
