//! `BatchProcess`: one batch from its raw records to its report.

use std::{
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use jiff::Timestamp;
use thiserror::Error;
use tokio::{sync::oneshot, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    cutoffs::{Cutoffs, reserve},
    feeder,
    intake::{Head, Intake, Line},
    ledger::{Ledger, Settlement},
    report::{BatchReport, Counts, RecordResult, StageTimes, group_issues},
    running::RunningBatch,
    tallies::Tallies,
    timings::Timings,
    writer::{Closing, Writer, WriterHandle},
};
use crate::{
    context::RequestContext,
    domain::{
        outcome::{Completion, Outcome},
        record::RawBatch,
        tally::change_groups,
    },
    model::FinishedBatch,
    pool,
    svc::ServiceContext,
};

/// The logic of one `BatchProcess` call.
pub struct BatchProcessLogic {
    context: RequestContext,
    svc: Arc<ServiceContext>,
}

/// Why a batch was not processed at all.
#[derive(Debug, Error)]
pub enum BatchError {
    /// The deadline leaves no time to attempt even one record.
    #[error("the deadline leaves no time to attempt even one record")]
    NoTimeLeft,
}

/// The writer's side of a running batch.
struct Writing {
    closing: oneshot::Sender<Closing>,
    task: tokio::task::JoinHandle<()>,
}

impl BatchProcessLogic {
    /// The logic of a call.
    pub fn new(context: RequestContext, svc: Arc<ServiceContext>) -> Self {
        Self { context, svc }
    }

    /// Processes a batch and answers with one outcome per record before the call's deadline, also when the
    /// caller goes away or the process is drained. The future must not be dropped: the process owns it.
    pub async fn run(self, batch: RawBatch) -> Result<BatchReport, BatchError> {
        let started_at = Instant::now();
        let flush_time = self.svc.store.flush_time();
        let cutoffs = Cutoffs::new(self.context.arrived_at, self.context.deadline, flush_time);
        if started_at >= cutoffs.cut_at {
            return Err(BatchError::NoTimeLeft);
        }
        let (batch_id, validate_only) = (Arc::clone(&batch.id), batch.validate_only);
        let intake = Intake::new(batch, &self.svc);
        let profile_versions = profile_versions(&intake.lines);
        let (running, writing) = self.start(&batch_id, &intake.heads, cutoffs, validate_only);

        let dispatch = self.svc.pool.batch();
        let mut feeders = feed(&running, intake, &dispatch);
        let completion = self.steer(&running, &dispatch).await;
        feeders.shutdown().await;
        drop(dispatch);

        let settlements: Arc<[Settlement]> = running.ledger.close(completion).into();
        let counts = Counts::over(&settlements);
        if let Some(writing) = writing {
            running.all_handed_over().await;
            let batch = self.finished(&batch_id, completion, &counts);
            let closing = Closing { settlements: Arc::clone(&settlements), batch };
            conclude(writing, closing, completion, cutoffs).await;
        }
        let tallies = running.tallies.take();
        let times = StageTimes::new(self.context.arrived_at, started_at, &running.timings);
        log(&batch_id, completion, &counts, &times);
        Ok(BatchReport {
            batch_id,
            completion,
            counts,
            times,
            issue_groups: group_issues(&running.heads, &settlements).finish(&tallies),
            change_groups: change_groups(&tallies),
            results: results(&running.heads, &settlements),
            profile_versions,
        })
    }

    fn start(
        &self,
        batch_id: &Arc<str>,
        heads: &Arc<[Head]>,
        cutoffs: Cutoffs,
        validate_only: bool,
    ) -> (Arc<RunningBatch>, Option<Writing>) {
        let records = heads.len();
        let (handle, entries) = WriterHandle::new(records);
        let running = Arc::new(RunningBatch {
            ledger: Ledger::new(u32::try_from(records).expect("the server bounds the records of a batch")),
            heads: Arc::clone(heads),
            timings: Arc::new(Timings::default()),
            tallies: Tallies::default(),
            cutoffs,
            received_at: Timestamp::now(),
            stopped: CancellationToken::new(),
            cut: CancellationToken::new(),
            writer: (!validate_only).then_some(handle),
            handing_over: AtomicU32::new(0),
        });
        if validate_only {
            return (running, None);
        }
        let writer = Writer {
            store: Arc::clone(&self.svc.store),
            batch_id: Arc::clone(batch_id),
            ledger: Arc::clone(&running.ledger),
            heads: Arc::clone(heads),
            timings: Arc::clone(&running.timings),
            chunk_rows: self.svc.limits.chunk_rows,
            linger: self.svc.limits.linger,
            answer_at: cutoffs.answer_at,
            cut: running.cut.clone(),
        };
        let (closing, closed) = oneshot::channel();
        let task = self.svc.tasks.spawn(writer.run(entries, closed));
        (running, Some(Writing { closing, task }))
    }

    /// Waits for the batch to end by itself or to be ended, and says which.
    async fn steer(&self, batch: &RunningBatch, dispatch: &pool::Batch) -> Completion {
        let cause = tokio::select! {
            biased;
            () = batch.ledger.all_settled() => return Completion::Complete,
            () = self.context.cancelled.cancelled() => Completion::Cancelled,
            () = self.svc.drained.cancelled() => Completion::Drained,
            () = batch.cutoffs.time_to_stop(|| typical(&batch.timings)) => Completion::Deadline,
        };
        batch.stopped.cancel();
        dispatch.stop();
        let answer_at = if cause == Completion::Deadline {
            // What runs may end by itself until the cut.
            wait_for(batch.ledger.nothing_in_flight(), batch.cutoffs.cut_at).await;
            batch.cutoffs.answer_at
        } else {
            let flush = reserve(Duration::ZERO) + self.svc.store.flush_time();
            batch.cutoffs.answer_at.min(Instant::now() + flush)
        };
        batch.cut.cancel();
        wait_for(batch.ledger.nothing_in_flight(), answer_at).await;
        if batch.ledger.unsettled() == 0 { Completion::Complete } else { cause }
    }

    fn finished(&self, batch_id: &Arc<str>, completion: Completion, counts: &Counts) -> FinishedBatch {
        FinishedBatch {
            batch_id: Arc::clone(batch_id),
            completion,
            received: counts.received,
            outcomes: counts.by_outcome,
            warnings: counts.warnings,
            elapsed: self.context.arrived_at.elapsed(),
        }
    }
}

/// Settles what is rejected as it is, and starts one feeder per hospital. Dropping the set ends them.
fn feed(running: &Arc<RunningBatch>, intake: Intake, dispatch: &pool::Batch) -> JoinSet<()> {
    for (record, issues) in intake.rejected {
        let ticket = running.ledger.ticket(record.index);
        running.reject(ticket, record.payload.into_raw(), issues);
    }
    let mut feeders = JoinSet::new();
    for line in intake.lines {
        let lane = line.hospital.verification.as_ref().map(|api| dispatch.lane(Arc::clone(&api.gate)));
        feeders.spawn(feeder::feed(Arc::clone(running), line, lane));
    }
    feeders
}

/// How long a verification takes: a quarter more than the mean, for calls vary.
fn typical(timings: &Timings) -> Duration {
    timings.verify.mean() * 5 / 4
}

async fn wait_for(event: impl Future<Output = ()>, until: Instant) {
    // Both ends are fine: the caller looks at the ledger afterwards.
    let _ = tokio::time::timeout_at(until, event).await;
}

/// Hands the end of the batch to its writer. A complete batch waits for the last words, so that its rejects
/// are in the books when the caller reads the answer; one that was cut answers without.
async fn conclude(writing: Writing, closing: Closing, completion: Completion, cutoffs: Cutoffs) {
    // A writer that is gone has panicked; the panic hook has said so.
    let _ = writing.closing.send(closing);
    if completion == Completion::Complete {
        let _ = tokio::time::timeout_at(cutoffs.answer_at, writing.task).await;
    }
}

fn profile_versions(lines: &[Line]) -> Vec<(Arc<str>, String)> {
    let version =
        |line: &Line| (Arc::clone(&line.hospital.profile.code), line.hospital.profile.version.clone());
    lines.iter().map(version).collect()
}

fn results(heads: &[Head], settlements: &[Settlement]) -> Vec<RecordResult> {
    let result = |((head, settlement), index): ((&Head, &Settlement), u32)| RecordResult {
        index,
        id: Arc::clone(&head.id),
        settlement: settlement.clone(),
    };
    heads.iter().zip(settlements).zip(0..).map(result).collect()
}

fn log(batch_id: &str, completion: Completion, counts: &Counts, times: &StageTimes) {
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
