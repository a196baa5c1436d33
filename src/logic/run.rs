//! The course of a batch, whether it comes whole or as a stream: it starts, it is steered until it ends by
//! itself or something ends it, and it is concluded with a report.

use std::{
    sync::{Arc, OnceLock, atomic::AtomicU32},
    time::Duration,
};

use jiff::Timestamp;
use thiserror::Error;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    cleaning_stats::CleaningStats,
    cutoffs::{Cutoffs, answer_reserve},
    intake::Intake,
    ledger::{Ledger, Settlement},
    record_ref::RecordRef,
    reject_limit::RejectWatcher,
    report::{BatchCounts, BatchReport, StageTimes},
    resend_guard::{ResendError, ResendState},
    shared::BatchShared,
    timings::Timings,
    writer::{Closing, Writer, WriterHandle},
};
use crate::{
    context::RequestContext,
    model::{FinishedBatch, Row},
    svc::{BudgetExhausted, BudgetPermit, Hospital, ServiceContext},
};
use cleaning::{
    cleaning_tally::change_groups,
    outcome::{Completion, Outcome},
    phi::Phi,
    record::RejectLimit,
};

/// Why a batch was not processed at all.
#[derive(Debug, Error)]
pub enum BatchError {
    /// The deadline leaves no time for even one record.
    #[error("the deadline leaves no time for even one record")]
    NoTimeLeft {
        /// The time that one needs, from now on.
        needed: Duration,
    },
    /// The process has as many records in hand as it takes.
    #[error("the process has as many records in hand as it takes")]
    BudgetExhausted {
        /// How soon there may be room.
        retry_after: Duration,
    },
    /// The batch cannot be sent again now, or not so.
    #[error(transparent)]
    Resend(#[from] ResendError),
}

/// What a batch is started with.
pub(super) struct BatchSpec {
    pub batch_id: Arc<str>,
    pub validate_only: bool,
    /// Present if the batch may be sent again.
    pub claim: Option<ResendState>,
    pub ledger: Arc<Ledger>,
    /// When to stop, because too much of it is rejected.
    pub reject_limit: Option<RejectLimit>,
    /// The time that the fastest of its records needs at its hospital.
    pub fastest: Duration,
    /// Longest time that a verified record waits for others before it is written.
    pub linger: Duration,
}

/// A batch on its course.
pub(super) struct BatchRun {
    context: RequestContext,
    svc: Arc<ServiceContext>,
    batch_id: Arc<str>,
    claim: Option<ResendState>,
    running: Arc<BatchShared>,
    dispatch: worker_pool::JobBatch,
    writing: Option<Writing>,
    /// Held until the batch has been concluded.
    _share: BudgetPermit,
}

/// The writer's side of a running batch.
struct Writing {
    closing: oneshot::Sender<Closing>,
    task: tokio::task::JoinHandle<()>,
}

impl BatchRun {
    /// Starts a batch in which no record is yet.
    pub(super) fn start(
        context: RequestContext,
        svc: Arc<ServiceContext>,
        plan: BatchSpec,
    ) -> Result<Self, BatchError> {
        let BatchSpec { batch_id, validate_only, claim, ledger, reject_limit, fastest, linger } = plan;
        let records = u32::try_from(ledger.capacity()).unwrap_or(u32::MAX);
        let cutoffs = Cutoffs::new(context.arrived_at, context.deadline, svc.store.flush_time(), records);
        let time_until_turn =
            svc.pool.jobs_ahead().map_or(Duration::ZERO, |ahead| svc.in_flight_budget.time_until_turn(ahead));
        let to_settle_one = time_until_turn + fastest;
        if Instant::now() + to_settle_one >= cutoffs.cut_at {
            let kept_back = context.deadline - cutoffs.cut_at;
            return Err(BatchError::NoTimeLeft { needed: to_settle_one + kept_back });
        }
        let share = svc.in_flight_budget.try_take(Arc::clone(&ledger) as _);
        let share =
            share.map_err(|BudgetExhausted { retry_after }| BatchError::BudgetExhausted { retry_after })?;
        let (handle, entries) = WriterHandle::new(ledger.capacity());
        let running = Arc::new(BatchShared {
            ledger,
            timings: Arc::new(Timings::default()),
            tallies: CleaningStats::default(),
            rejects: RejectWatcher::new(reject_limit),
            cutoffs,
            received_at: Timestamp::now(),
            all_received: OnceLock::new(),
            stopped: CancellationToken::new(),
            cut: CancellationToken::new(),
            writer: (!validate_only).then_some(handle),
            handing_over: AtomicU32::new(0),
        });
        let writing = (!validate_only).then(|| {
            let writer = Writer {
                store: Arc::clone(&svc.store),
                batch_id: Arc::clone(&batch_id),
                claim: claim.clone(),
                ledger: Arc::clone(&running.ledger),
                timings: Arc::clone(&running.timings),
                chunk_rows: svc.limits.chunk_rows,
                linger,
                answer_at: cutoffs.answer_at,
                cut: running.cut.clone(),
            };
            let (closing, closed) = oneshot::channel();
            Writing { closing, task: svc.tasks.spawn(writer.run(entries, closed)) }
        });
        let dispatch = svc.pool.open_batch();
        Ok(Self { context, svc, batch_id, claim, running, dispatch, writing, _share: share })
    }

    /// The way in for the batch's records, which knows the ids of at least so many of them.
    pub(super) fn intake(&self, known_ids: usize) -> Intake<'_> {
        Intake::new(&self.svc, &self.running, &self.dispatch, known_ids)
    }

    /// The ledger of the batch.
    pub(super) fn ledger(&self) -> &Arc<Ledger> {
        &self.running.ledger
    }

    /// Waits for the batch to end by itself or to be ended, and says which. `by_itself` ends when every record
    /// has come in and is settled, or says why that cannot happen any more.
    pub(super) async fn until_ended(&self, by_itself: impl Future<Output = Completion>) -> Completion {
        let batch = &self.running;
        let cause = tokio::select! {
            biased;
            ended = by_itself => ended,
            () = self.context.cancelled.cancelled() => Completion::Cancelled,
            () = self.svc.drained.cancelled() => Completion::Drained,
            () = batch.rejects.too_many() => Completion::Aborted,
            () = sleep_until(batch.cutoffs.cut_at) => Completion::Deadline,
        };
        if cause == Completion::Complete {
            return cause;
        }
        batch.stopped.cancel();
        self.dispatch.stop();
        let answer_at = if matches!(cause, Completion::Deadline | Completion::Aborted) {
            // What runs in a batch that is aborted may end by itself.
            wait_for(batch.ledger.nothing_in_flight(), batch.cutoffs.cut_at).await;
            batch.cutoffs.answer_at
        } else {
            let flush = answer_reserve(Duration::ZERO) + self.svc.store.flush_time();
            batch.cutoffs.answer_at.min(Instant::now() + flush)
        };
        batch.cut.cancel();
        wait_for(batch.ledger.nothing_in_flight(), answer_at).await;
        let all_done = batch.all_received.get().is_some() && batch.ledger.unsettled() == 0;
        if all_done { Completion::Complete } else { cause }
    }

    /// Settles what is left, has it written down, and reports. The results are the ledger's to give.
    pub(super) async fn finish(self, hospitals: Vec<Arc<Hospital>>, completion: Completion) -> BatchReport {
        let Self { context, batch_id, claim, running, dispatch, writing, _share, .. } = self;
        drop(dispatch);
        let left = running.ledger.close(completion);
        let (counts, issue_groups) = running.ledger.account();
        if let Some(writing) = writing {
            running.all_handed_over().await;
            let (warnings, elapsed) = (counts.warnings, context.arrived_at.elapsed());
            let by_outcome = Some(counts.by_outcome);
            let batch_id = Arc::clone(&batch_id);
            let batch = FinishedBatch { batch_id, completion, by_outcome, warnings, elapsed };
            let closing = Closing { left: left.into_iter().map(left_row).collect(), batch };
            conclude_writing(writing, closing, completion, running.cutoffs).await;
        }
        if let Some(claim) = claim {
            claim.answered();
        }
        let tallies = running.tallies.take();
        let received_at = running.all_received.get().copied().unwrap_or_else(Instant::now);
        let times = StageTimes::new(context.arrived_at, received_at, &running.timings);
        log(&batch_id, completion, &counts, &times);
        BatchReport {
            batch_id,
            completion,
            counts,
            times,
            issue_groups: issue_groups.finish(&tallies),
            change_groups: change_groups(&tallies),
            results: Vec::new(),
            profile_versions: hospitals.iter().map(|hospital| profile_version(hospital)).collect(),
        }
    }
}

async fn wait_for(event: impl Future<Output = ()>, until: Instant) {
    // Both ends are fine: the caller looks at the ledger afterwards.
    let _ = timeout_at(until, event).await;
}

/// The row of a record that was settled by the closing of its batch.
fn left_row((head, settlement): (Arc<RecordRef>, Settlement)) -> Row {
    head.settled_row(Phi::default(), &settlement)
}

/// Hands the end of the batch to its writer. A complete batch waits for the last words, so that its rejects
/// are in the books when the caller reads the answer; one that was cut answers without.
async fn conclude_writing(writing: Writing, closing: Closing, completion: Completion, cutoffs: Cutoffs) {
    // A writer that is gone has panicked; the panic hook has said so.
    let _ = writing.closing.send(closing);
    if completion == Completion::Complete {
        let _ = timeout_at(cutoffs.answer_at, writing.task).await;
    }
}

fn profile_version(hospital: &Hospital) -> (Arc<str>, String) {
    (Arc::clone(&hospital.profile.code), hospital.profile.version.clone())
}

fn log(batch_id: &str, completion: Completion, counts: &BatchCounts, times: &StageTimes) {
    info!(
        batch_id,
        completion = completion.name(),
        received = counts.received,
        stored = counts.of(Outcome::Stored),
        unchanged = counts.of(Outcome::Unchanged),
        stale = counts.of(Outcome::Stale),
        superseded = counts.of(Outcome::Superseded),
        valid = counts.of(Outcome::Valid),
        rejected = counts.of(Outcome::Rejected),
        failed = counts.of(Outcome::Failed),
        not_attempted = counts.of(Outcome::NotAttempted),
        elapsed_ms = times.total.as_millis() as u64,
        "batch ended"
    );
}
