//! The run of one batch, whether it comes whole or as a stream: it starts, goes on until it ends by itself or
//! something ends it, and finishes with a report.

pub(super) mod previous_run;
pub(super) mod resend_guard;

mod report;
mod start;

use std::{sync::Arc, time::Duration};

use cleaning::{
    cleaning_tally::change_groups,
    outcome::{Completion, Outcome},
    phi::Phi,
};
use thiserror::Error;
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep_until, timeout_at},
};
use tracing::info;
use worker_pool::JobBatch;

use super::{
    batch::{BatchShared, Cutoffs, ResendState, answer_reserve, settled_row},
    ledger::BatchCounts,
    pipeline::{intake::Intake, write::Closing},
};
use crate::{
    context::RequestContext,
    model::FinishedBatch,
    svc::{BudgetPermit, Hospital, ServiceContext},
};

pub use self::report::{BatchReport, StageTimes};
pub(super) use self::start::{BatchSpec, Started};
pub use super::batch::ResendError;

/// Why a batch was not processed at all.
#[derive(Debug, Error)]
pub enum BatchError {
    #[error("the deadline leaves no time for even one record")]
    NoTimeLeft {
        /// The time that one record needs, from now on.
        needed: Duration,
    },
    #[error("the process has no room for the records of another batch")]
    BudgetExhausted {
        /// How soon there may be room.
        retry_after: Duration,
    },
    #[error(transparent)]
    Resend(#[from] ResendError),
}

/// One batch from its start to its report.
pub(super) struct BatchRun {
    context: RequestContext,
    svc: Arc<ServiceContext>,
    batch: Arc<BatchShared>,
    resend: Option<ResendState>,
    jobs: JobBatch,
    writing: Option<RunningWriter>,
    /// Held until the batch is finished.
    _budget: BudgetPermit,
}

/// The writer of a running batch.
struct RunningWriter {
    closing: oneshot::Sender<Closing>,
    task: JoinHandle<()>,
}

impl BatchRun {
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

impl RunningWriter {
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
