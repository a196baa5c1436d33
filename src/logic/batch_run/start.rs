//! The start of a batch, or why it is refused.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use cleaning::record::{BatchId, RawRecord, RejectLimit};
use jiff::Timestamp;
use tokio::{sync::oneshot, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{BatchError, BatchRun, RunningWriter, resend_guard::ResendGuard};
use crate::{
    context::RequestContext,
    logic::{
        batch::{
            BatchShared, CheckedRecord, CleaningStats, Cutoffs, RejectWatcher, ResendState, Timings,
            WriteQueue,
        },
        ledger::Ledger,
        pipeline::write::Writer,
    },
    svc::{BudgetExhausted, ServiceContext},
};

/// What a batch is started with.
pub(crate) struct BatchSpec {
    pub id: BatchId,
    pub validate_only: bool,
    /// When to stop, because too much of it is rejected.
    pub reject_limit: Option<RejectLimit>,
    pub ledger: Arc<Ledger>,
    /// Longest time that a verified record waits for others before it is written.
    pub linger: Duration,
}

/// A batch that has been started.
pub(crate) struct Started {
    pub run: BatchRun,
    /// Checks records that were not known at the start; none if the batch cannot be sent again.
    pub resend_guard: Option<ResendGuard>,
    /// The records that were known at the start, in order; empty if the batch cannot be sent again.
    pub checked: Vec<CheckedRecord>,
}

impl BatchRun {
    /// Starts a batch. `known` holds all records of a batch that comes whole, and none of a stream. Refuses a batch
    /// that runs already or has a known record that differs from the previous run, one without time for a single
    /// record, and one for whose records there is no room.
    pub(crate) async fn start(
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
}

/// Sets up what the stages share, and starts the writer of a batch that is to be stored.
fn open(
    svc: &ServiceContext,
    spec: BatchSpec,
    cutoffs: Cutoffs,
    resend: Option<ResendState>,
) -> (Arc<BatchShared>, Option<RunningWriter>) {
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
        RunningWriter { closing, task: svc.tasks.spawn(writer.run(rows, closed)) }
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
