//! The run of one batch, whether it comes whole or as a stream: it starts, goes on until it ends by itself or
//! something ends it, and finishes with a report.

pub(super) mod previous_run;
pub(super) mod resend_guard;

mod report;
mod resend_error;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use cleaning::{
    cleaning_tally::change_groups,
    outcome::{Completion, Outcome},
    phi::Phi,
    record::{BatchId, RawRecord, RejectLimit},
};
use jiff::Timestamp;
use thiserror::Error;
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::info;
use worker_pool::JobBatch;

use self::resend_guard::ResendGuard;
use super::{
    batch::{
        cleaning_stats::CleaningStats,
        cutoffs::{Cutoffs, answer_reserve},
        reject_limit::RejectWatcher,
        resend::{CheckedRecord, ResendState},
        shared::BatchShared,
        timings::Timings,
        write_queue::{WriteQueue, settled_row},
    },
    ledger::{BatchCounts, Ledger},
    pipeline::{
        intake::Intake,
        write::{Closing, Writer},
    },
};
use crate::{
    context::RequestContext,
    model::FinishedBatch,
    svc::{BudgetExhausted, BudgetPermit, Hospital, ServiceContext},
};

pub use self::{
    report::{BatchReport, StageTimes},
    resend_error::ResendError,
};

/// Why a batch was not processed at all.
#[derive(Debug, Error)]
pub enum BatchError {
    /// The deadline leaves no time for even one record.
    #[error("the deadline leaves no time for even one record")]
    NoTimeLeft {
        /// The time that one record needs, from now on.
        needed: Duration,
    },
    /// The process has no room for the records of another batch.
    #[error("the process has no room for the records of another batch")]
    BudgetExhausted {
        /// How soon there may be room.
        retry_after: Duration,
    },
    #[error(transparent)]
    Resend(#[from] ResendError),
}

/// What a batch is started with.
pub(super) struct BatchSpec {
    pub id: BatchId,
    pub validate_only: bool,
    /// When to stop, because too much of it is rejected.
    pub reject_limit: Option<RejectLimit>,
    pub ledger: Arc<Ledger>,
    /// Longest time that a verified record waits for others before it is written.
    pub linger: Duration,
}

/// A batch that has been started.
pub(super) struct Started {
    pub run: BatchRun,
    /// Checks records that were not known at the start; none if the batch cannot be sent again.
    pub resend_guard: Option<ResendGuard>,
    /// The records that were known at the start, in order; empty if the batch cannot be sent again.
    pub checked: Vec<CheckedRecord>,
}

/// One batch from its start to its report.
pub(super) struct BatchRun {
    context: RequestContext,
    svc: Arc<ServiceContext>,
    batch: Arc<BatchShared>,
    resend: Option<ResendState>,
    jobs: JobBatch,
    writing: Option<Writing>,
    /// Held until the batch is finished.
    _budget: BudgetPermit,
}

/// The writer of a running batch.
struct Writing {
    closing: oneshot::Sender<Closing>,
    task: JoinHandle<()>,
}

impl BatchRun {
    /// Starts a batch. `known` holds all records of a batch that comes whole, and none of a stream. Refuses a batch
    /// that runs already or has a known record that differs from the previous run, one without time for a single
    /// record, and one for whose records there is no room.
    pub(super) async fn start(
        context: RequestContext,
        svc: Arc<ServiceContext>,
        spec: BatchSpec,
        known: &[RawRecord],
    ) -> Result<Started, BatchError> {
        let mut resend_guard = ResendGuard::acquire(&spec.id, spec.validate_only, &context, &svc).await?;
        let checked = match &mut resend_guard {
            Some(guard) => guard.check_all(known).await?,
            None => Vec::new(),
        };
        let records = u32::try_from(spec.ledger.capacity()).unwrap_or(u32::MAX);
        let cutoffs = Cutoffs::new(context.arrived_at, context.deadline, svc.store.flush_time(), records);
        let needed = time_for_one_record(known, &svc);
        if Instant::now() + needed >= cutoffs.cut_at {
            let kept_back = context.deadline - cutoffs.cut_at;
            return Err(BatchError::NoTimeLeft { needed: needed + kept_back });
        }
        let budget = svc.in_flight_budget.try_take(Arc::clone(&spec.ledger) as _);
        let budget =
            budget.map_err(|BudgetExhausted { retry_after }| BatchError::BudgetExhausted { retry_after })?;
        let resend = resend_guard.as_ref().map(ResendGuard::state);
        let (batch, writing) = open(&svc, spec, cutoffs, resend.clone());
        let jobs = svc.pool.open_batch();
        let run = Self { context, svc, batch, resend, jobs, writing, _budget: budget };
        Ok(Started { run, resend_guard, checked })
    }

    /// The way in for the records, which finds duplicates among at least the last `known_ids` ids.
    pub(super) fn intake(&self, known_ids: usize) -> Intake<'_> {
        Intake::new(&self.svc, &self.batch, &self.jobs, known_ids)
    }

    /// Waits for the batch to end by itself or to be ended, and returns which. `by_itself` ends when every record has
    /// come in and is settled, or returns why that cannot happen any more.
    pub(super) async fn until_ended(&self, by_itself: impl Future<Output = Completion>) -> Completion {
        let batch = &self.batch;
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
        self.jobs.stop();
        let answer_at = if matches!(cause, Completion::Deadline | Completion::Aborted) {
            // The running verifications of an aborted batch may end by themselves.
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

    /// Settles what is left, has it written down, and reports. The results are left in the ledger.
    pub(super) async fn finish(self, hospitals: Vec<Arc<Hospital>>, completion: Completion) -> BatchReport {
        let Self { context, batch, resend, jobs, writing, _budget, .. } = self;
        drop(jobs);
        let left = batch.ledger.close(completion);
        let (counts, issue_groups) = batch.ledger.take_totals();
        if let Some(writing) = writing {
            batch.all_handed_over().await;
            let closing = Closing {
                left: left.iter().map(|(record, end)| settled_row(record, Phi::default(), end)).collect(),
                batch: FinishedBatch {
                    batch_id: Arc::clone(&batch.id),
                    completion,
                    by_outcome: Some(counts.by_outcome),
                    warnings: counts.warnings,
                    elapsed: context.arrived_at.elapsed(),
                },
            };
            writing.close(closing, batch.cutoffs).await;
        }
        if let Some(resend) = resend {
            resend.lease.mark_answered();
        }
        let tallies = batch.cleaning_stats.take();
        let received_at = batch.all_received.get().copied().unwrap_or_else(Instant::now);
        let times = StageTimes::new(context.arrived_at, received_at, &batch.timings);
        log(&batch.id, completion, &counts, &times);
        BatchReport {
            batch_id: Arc::clone(&batch.id),
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

impl Writing {
    /// Hands the end of the batch to its writer. A complete batch waits for it to be written, so that its rejects are
    /// in the store when the caller reads the answer; a batch that was cut answers without.
    async fn close(self, closing: Closing, cutoffs: Cutoffs) {
        let completion = closing.batch.completion;
        // A writer that is gone has panicked, which the panic hook has reported.
        let _ = self.closing.send(closing);
        if completion == Completion::Complete {
            wait_for(async { drop(self.task.await) }, cutoffs.answer_at).await;
        }
    }
}

/// Sets up what the stages share, and starts the writer of a batch that is to be stored.
fn open(
    svc: &ServiceContext,
    spec: BatchSpec,
    cutoffs: Cutoffs,
    resend: Option<ResendState>,
) -> (Arc<BatchShared>, Option<Writing>) {
    let BatchSpec { id, validate_only, reject_limit, ledger, linger } = spec;
    let (write_queue, rows) = WriteQueue::new(ledger.capacity());
    let batch = Arc::new(BatchShared {
        id: id.text,
        ledger,
        timings: Timings::default(),
        cleaning_stats: CleaningStats::default(),
        rejects: RejectWatcher::new(reject_limit),
        cutoffs,
        received_at: Timestamp::now(),
        all_received: OnceLock::new(),
        stopped: CancellationToken::new(),
        cut: CancellationToken::new(),
        write_queue: (!validate_only).then_some(write_queue),
        handing_over: TaskTracker::new(),
    });
    let writing = (!validate_only).then(|| {
        let store = Arc::clone(&svc.store);
        let chunk_rows = svc.limits.chunk_rows;
        let writer = Writer { batch: Arc::clone(&batch), store, resend, chunk_rows, linger };
        let (closing, closed) = oneshot::channel();
        Writing { closing, task: svc.tasks.spawn(writer.run(rows, closed)) }
    });
    (batch, writing)
}

/// The time until one more record could be settled: its turn in the pool, and the usual call to the fastest hospital
/// of the known records.
fn time_for_one_record(known: &[RawRecord], svc: &ServiceContext) -> Duration {
    let jobs_ahead = svc.pool.jobs_ahead();
    let turn = jobs_ahead.map_or(Duration::ZERO, |ahead| svc.in_flight_budget.time_until_turn(ahead));
    // The records of a hospital mostly come together.
    let groups = known.chunk_by(|one, next| one.hospital_code == next.hospital_code);
    let call_times = groups.filter_map(|group| group.first()).map(|record| call_time(record, svc));
    turn + call_times.min().unwrap_or_default()
}

/// The time that a call about a record usually takes; zero if its hospital is not asked.
fn call_time(record: &RawRecord, svc: &ServiceContext) -> Duration {
    let hospital = svc.hospitals.get(&record.hospital_code);
    let api = hospital.and_then(|hospital| hospital.verification.as_ref());
    api.map_or(Duration::ZERO, |api| api.health.expected_call_time())
}

/// Waits for an event or a moment. Both are fine: the caller looks at the ledger afterwards.
async fn wait_for(event: impl Future<Output = ()>, until: Instant) {
    let _ = timeout_at(until, event).await;
}

fn profile_version(hospital: &Hospital) -> (Arc<str>, String) {
    (Arc::clone(&hospital.profile.code), hospital.profile.version.clone())
}

fn log(batch_id: &str, completion: Completion, counts: &BatchCounts, times: &StageTimes) {
    let by_outcome = counts.by_outcome;
    info!(
        batch_id,
        completion = completion.name(),
        received = counts.received,
        stored = by_outcome[Outcome::Stored],
        unchanged = by_outcome[Outcome::Unchanged],
        stale = by_outcome[Outcome::Stale],
        superseded = by_outcome[Outcome::Superseded],
        valid = by_outcome[Outcome::Valid],
        rejected = by_outcome[Outcome::Rejected],
        failed = by_outcome[Outcome::Failed],
        not_attempted = by_outcome[Outcome::NotAttempted],
        elapsed_ms = times.total.as_millis() as u64,
        "batch ended"
    );
}
