//! `BatchProcessStream`: a batch of any size in constant memory, from an upload that still runs.
//!
//! One record is read at once, and only when it has a slot in the window of the ledger. So whatever slows the batch
//! down, be it the pool, a hospital, the store or a caller that does not take results, stops the reading of its upload
//! and nothing else.

use std::{sync::Arc, time::Duration};

use cleaning::{
    outcome::Completion,
    record::{BatchId, RawRecord, RejectLimit},
};
use tokio::{sync::oneshot, time::timeout_at};

use crate::{
    context::RequestContext,
    logic::{
        batch_run::{
            BatchError, BatchReport, BatchRun, BatchSpec, ResendError, Started, resend_guard::ResendGuard,
        },
        ledger::{FreeSlots, Ledger, ResultStream},
        pipeline::intake::{ID_WINDOW, Intake},
    },
    svc::ServiceContext,
};

/// Longest time that a verified record of a stream waits for others, because it has a slot as long.
const MAX_LINGER: Duration = Duration::from_millis(10);

/// Where the records of a streamed batch come from.
pub trait Upload: Send {
    /// How the upload can break the protocol.
    type Fault: Send;

    /// Reads the next record, whose index is its position in the upload. Called only when there is room for it, and
    /// never again once the upload has ended.
    fn next(&mut self) -> impl Future<Output = Result<RawRecord, UploadEnd<Self::Fault>>> + Send;
}

/// How an upload ended.
#[derive(Debug, PartialEq, Eq)]
pub enum UploadEnd<F> {
    /// With the number of records that were read.
    Complete,
    /// Without that number, or with another one.
    Truncated,
    /// By breaking the protocol.
    Fault(F),
}

/// Why a streamed batch ends without a report.
#[derive(Debug)]
pub enum StreamError<F> {
    /// The upload broke the protocol.
    Upload(F),
    /// A record differs from the previous run of the batch, or that could not be read.
    Resend(ResendError),
}

/// What is known of a streamed batch before its first record.
pub struct StreamedBatch {
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
    resend_guard: Option<ResendGuard>,
    ledger: Arc<Ledger>,
    free_slots: FreeSlots,
}

impl BatchStreamLogic {
    /// Starts a batch. Its results come out of the result stream; dropping that tells the batch that its consumer has
    /// gone.
    pub async fn start(
        context: RequestContext,
        svc: Arc<ServiceContext>,
        batch: StreamedBatch,
    ) -> Result<(Self, ResultStream), BatchError> {
        let (ledger, free_slots, result_stream) = Ledger::window(svc.limits.stream_window);
        let StreamedBatch { id, validate_only, reject_limit } = batch;
        let linger = svc.limits.linger.min(MAX_LINGER);
        let spec = BatchSpec { id, validate_only, reject_limit, ledger: Arc::clone(&ledger), linger };
        let Started { run, resend_guard, .. } = BatchRun::start(context.clone(), svc, spec, &[]).await?;
        Ok((Self { context, run, resend_guard, ledger, free_slots }, result_stream))
    }

    /// Processes the records of an upload and reports before the deadline of the call, also when the caller goes away
    /// or the process is drained. When the report is given, every result is in the result stream.
    ///
    /// A fault of the upload ends the batch as one that was cut, and is given in place of the report; so is a record
    /// that differs from the previous run.
    ///
    /// Ends when the results have been taken, at the deadline, or when their consumer has gone; until then they take
    /// memory. The future must not be dropped: the process owns it.
    pub async fn run<U: Upload>(
        self,
        mut upload: U,
        reported: oneshot::Sender<Result<BatchReport, StreamError<U::Fault>>>,
    ) {
        let Self { context, run, mut resend_guard, ledger, mut free_slots } = self;
        let mut fault = None;
        let mut intake = run.intake(ID_WINDOW);
        let by_itself = async {
            match read(&mut upload, &mut free_slots, resend_guard.as_mut(), &mut intake).await {
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
        drop((upload, resend_guard));
        let hospitals = intake.close().await;
        let report = run.finish(hospitals, completion).await;
        // A caller that has gone does not wait for the report.
        let _ = reported.send(fault.map_or(Ok(report), Err));
        let _ = timeout_at(context.deadline, ledger.consumer_gone()).await;
    }
}

/// Reads an upload to its end.
async fn read<U: Upload>(
    upload: &mut U,
    free_slots: &mut FreeSlots,
    mut resend_guard: Option<&mut ResendGuard>,
    intake: &mut Intake<'_>,
) -> UploadEnd<StreamError<U::Fault>> {
    loop {
        // First the slot, then the record: the window bounds what has been read.
        let Some(slot) = free_slots.take().await else { return UploadEnd::Truncated };
        let record = match upload.next().await {
            Ok(record) => record,
            Err(UploadEnd::Complete) => return UploadEnd::Complete,
            Err(UploadEnd::Truncated) => return UploadEnd::Truncated,
            Err(UploadEnd::Fault(fault)) => return UploadEnd::Fault(StreamError::Upload(fault)),
        };
        let checked = match &mut resend_guard {
            Some(guard) => match guard.check(&record).await {
                Ok(checked) => Some(checked),
                Err(error) => return UploadEnd::Fault(StreamError::Resend(error)),
            },
            None => None,
        };
        intake.receive(slot, record, checked);
    }
}
