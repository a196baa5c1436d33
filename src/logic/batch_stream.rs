//! `BatchProcessStream`: a batch of any size in constant memory, from an upload that still runs.
//!
//! One record is read at a time, and only once it has a place in the ledger's window. So whatever slows the
//! batch down, be it the pool, a hospital, the store or a caller that does not take results, stops the reading
//! of its upload, and nothing else.

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, time::timeout_at};

use super::{
    claim::Claim,
    course::{Course, Plan},
    intake::Intake,
    ledger::{Ledger, Outlet, Places},
    recent_ids,
    report::BatchReport,
};
use crate::{
    context::RequestContext,
    domain::{
        outcome::Completion,
        record::{BatchId, RawRecord, RejectLimit},
    },
    svc::ServiceContext,
};

pub use super::{claim::ClaimError, course::BatchError};

/// Longest time that a verified record of a stream waits for others: it has a place as long.
const LONGEST_LINGER: Duration = Duration::from_millis(10);

/// Where the records of a streamed batch come from.
pub trait Upload: Send {
    /// What the upload can break the protocol by.
    type Fault: Send;

    /// Reads the next record, whose index is its place among all of them. Called only when there is room for
    /// it, and never again once there was an end.
    fn next(&mut self) -> impl Future<Output = Result<RawRecord, End<Self::Fault>>> + Send;
}

/// How an upload ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End<F> {
    /// With the number of records that were read.
    Complete,
    /// Without it, or with another number.
    Cut,
    /// With something that does not belong there.
    Fault(F),
}

/// Why a streamed batch ends without a report.
#[derive(Debug)]
pub enum StreamError<F> {
    /// The upload broke the protocol.
    Upload(F),
    /// A record cannot belong to the batch, or nobody can say whether it does.
    Claim(ClaimError),
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
    course: Course,
    claim: Option<Claim>,
    places: Places,
}

impl BatchStreamLogic {
    /// Starts a batch. Its results come out of the outlet; dropping that leaves nobody to take them.
    pub async fn start(
        context: RequestContext,
        svc: Arc<ServiceContext>,
        batch: StreamedBatch,
    ) -> Result<(Self, Outlet), BatchError> {
        let (ledger, places, outlet) = Ledger::window(svc.limits.stream_window);
        let StreamedBatch { id: batch_id, validate_only, reject_limit } = batch;
        let claim = Claim::of(&batch_id, validate_only, &context, &svc).await?;
        let linger = svc.limits.linger.min(LONGEST_LINGER);
        let held = claim.as_ref().map(Claim::held);
        let batch_id = batch_id.text;
        // Who its records come from is not known yet.
        let fastest = Duration::ZERO;
        let plan = Plan { batch_id, validate_only, claim: held, ledger, reject_limit, fastest, linger };
        let course = Course::start(context.clone(), svc, plan)?;
        Ok((Self { context, course, claim, places }, outlet))
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
        let Self { context, course, mut claim, mut places } = self;
        let ledger = Arc::clone(course.ledger());
        let mut fault = None;
        let mut intake = course.intake(recent_ids::WINDOW);
        let by_itself = async {
            match read(&mut upload, &mut places, claim.as_mut(), &mut intake).await {
                End::Complete => {
                    intake.end();
                    ledger.all_settled().await;
                    return Completion::Complete;
                }
                End::Cut => {}
                End::Fault(found) => fault = Some(found),
            }
            Completion::Cancelled
        };
        let completion = course.steer(by_itself).await;
        drop((upload, claim));
        let hospitals = intake.close().await;
        let report = course.conclude(hospitals, completion).await;
        // Nobody waits for the report of a batch whose caller has gone.
        let _ = reported.send(fault.map_or(Ok(report), Err));
        let _ = timeout_at(context.deadline, ledger.nobody_listens()).await;
    }
}

/// Reads an upload to its end.
async fn read<U: Upload>(
    upload: &mut U,
    places: &mut Places,
    mut claim: Option<&mut Claim>,
    intake: &mut Intake<'_>,
) -> End<StreamError<U::Fault>> {
    loop {
        // First the place, then the record: what is read is bounded by the window.
        let Some(place) = places.take().await else { return End::Cut };
        let record = match upload.next().await {
            Ok(record) => record,
            Err(End::Complete) => return End::Complete,
            Err(End::Cut) => return End::Cut,
            Err(End::Fault(fault)) => return End::Fault(StreamError::Upload(fault)),
        };
        let checked = match &mut claim {
            Some(claim) => match claim.check(&record).await {
                Ok(checked) => Some(checked),
                Err(error) => return End::Fault(StreamError::Claim(error)),
            },
            None => None,
        };
        intake.receive(place, record, checked);
    }
}
