//! `BatchProcessStream`: a batch of any size in constant memory, from an upload that still runs.
//!
//! One record is read at a time, and only once it has a place in the ledger's window. So whatever slows the
//! batch down, be it the pool, a hospital, the store or a caller that does not take results, stops the reading
//! of its upload, and nothing else.

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, time::timeout_at};

use super::{
    intake::Intake,
    ledger::{FreeSlots, Ledger, ResultStream},
    recent_ids,
    report::BatchReport,
    resend_guard::ResendGuard,
    run::{BatchRun, BatchSpec},
};
use crate::{context::RequestContext, svc::ServiceContext};
use cleaning::{
    outcome::Completion,
    record::{BatchId, RawRecord, RejectLimit},
};

pub use super::{resend_guard::ResendError, run::BatchError};

/// Longest time that a verified record of a stream waits for others: it has a place as long.
const MAX_LINGER: Duration = Duration::from_millis(10);

/// Where the records of a streamed batch come from.
pub trait Upload: Send {
    /// What the upload can break the protocol by.
    type Fault: Send;

    /// Reads the next record, whose index is its place among all of them. Called only when there is room for
    /// it, and never again once there was an end.
    fn next(&mut self) -> impl Future<Output = Result<RawRecord, UploadEnd<Self::Fault>>> + Send;
}

/// How an upload ended.
#[derive(Debug, PartialEq, Eq)]
pub enum UploadEnd<F> {
    /// With the number of records that were read.
    Complete,
    /// Without it, or with another number.
    Truncated,
    /// With something that does not belong there.
    Fault(F),
}

/// Why a streamed batch ends without a report.
#[derive(Debug)]
pub enum StreamError<F> {
    /// The upload broke the protocol.
    Upload(F),
    /// A record cannot belong to the batch, or nobody can say whether it does.
    Resend(ResendError),
}

/// What is known of a streamed batch before its first record.
pub struct StreamedBatch {
    /// The batch's id.
    pub id: BatchId,
    /// Do everything but store.
    pub validate_only: bool,
    /// When to stop, because too much of it is rejected.
    pub reject_limit: Option<RejectLimit>,
}

/// The logic of one `BatchProcessStream` call.
pub struct BatchStreamLogic {
    context: RequestContext,
    run: BatchRun,
    claim: Option<ResendGuard>,
    places: FreeSlots,
}

impl BatchStreamLogic {
    /// Starts a batch. Its results come out of the outlet; dropping that leaves nobody to take them.
    pub async fn start(
        context: RequestContext,
        svc: Arc<ServiceContext>,
        batch: StreamedBatch,
    ) -> Result<(Self, ResultStream), BatchError> {
        let (ledger, places, result_stream) = Ledger::window(svc.limits.stream_window);
        let StreamedBatch { id: batch_id, validate_only, reject_limit } = batch;
        let claim = ResendGuard::of(&batch_id, validate_only, &context, &svc).await?;
        let linger = svc.limits.linger.min(MAX_LINGER);
        let held = claim.as_ref().map(ResendGuard::state);
        let batch_id = batch_id.text;
        // Who its records come from is not known yet.
        let fastest = Duration::ZERO;
        let plan = BatchSpec { batch_id, validate_only, claim: held, ledger, reject_limit, fastest, linger };
        let run = BatchRun::start(context.clone(), svc, plan)?;
        Ok((Self { context, run, claim, places }, result_stream))
    }

    /// Processes the records of an upload and reports before the call's deadline, also when the caller goes
    /// away or the process is drained. When the report is given, every result is in the outlet.
    ///
    /// A fault of the upload ends the batch as one that was cut, and is given in the place of the report; so does
    /// a record that is not the one that was sent in its place before.
    ///
    /// Ends when the results have been taken, at the deadline, or when nobody is left to take them; until then
    /// they take memory. The future must not be dropped: the process owns it.
    pub async fn run<U: Upload>(
        self,
        mut upload: U,
        reported: oneshot::Sender<Result<BatchReport, StreamError<U::Fault>>>,
    ) {
        let Self { context, run, mut claim, mut places } = self;
        let ledger = Arc::clone(run.ledger());
        let mut fault = None;
        let mut intake = run.intake(recent_ids::WINDOW);
        let by_itself = async {
            match read(&mut upload, &mut places, claim.as_mut(), &mut intake).await {
                UploadEnd::Complete => {
                    intake.end();
                    ledger.all_settled().await;
                    return Completion::Complete;
                }
                UploadEnd::Truncated => {}
                UploadEnd::Fault(found) => fault = Some(found),
            }
            Completion::Cancelled
        };
        let completion = run.until_ended(by_itself).await;
        drop((upload, claim));
        let hospitals = intake.close().await;
        let report = run.finish(hospitals, completion).await;
        // Nobody waits for the report of a batch whose caller has gone.
        let _ = reported.send(fault.map_or(Ok(report), Err));
        let _ = timeout_at(context.deadline, ledger.consumer_gone()).await;
    }
}

/// Reads an upload to its end.
async fn read<U: Upload>(
    upload: &mut U,
    places: &mut FreeSlots,
    mut claim: Option<&mut ResendGuard>,
    intake: &mut Intake<'_>,
) -> UploadEnd<StreamError<U::Fault>> {
    loop {
        // First the place, then the record: what is read is bounded by the window.
        let Some(place) = places.take().await else { return UploadEnd::Truncated };
        let record = match upload.next().await {
            Ok(record) => record,
            Err(UploadEnd::Complete) => return UploadEnd::Complete,
            Err(UploadEnd::Truncated) => return UploadEnd::Truncated,
            Err(UploadEnd::Fault(fault)) => return UploadEnd::Fault(StreamError::Upload(fault)),
        };
        let checked = match &mut claim {
            Some(claim) => match claim.check(&record).await {
                Ok(checked) => Some(checked),
                Err(error) => return UploadEnd::Fault(StreamError::Resend(error)),
            },
            None => None,
        };
        intake.receive(place, record, checked);
    }
}
