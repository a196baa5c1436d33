//! What a worker does with one record: ask the hospital, and draw the conclusion. A record whose call failed of
//! something that passes goes back to its lane until its time comes; it holds no worker while it waits.

use std::{panic::AssertUnwindSafe, pin::Pin, sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures_util::FutureExt;
use tokio::time::Instant;

use super::{
    ledger::{Attempt, Ticket},
    shared::{BatchShared, CleanRecord},
};
use crate::{
    client::{
        hospital_api::{CallFault, FaultKind, RetryAllowance, Verdict},
        hospital_health::{CallPermit, CallRefused},
    },
    svc::{Hospital, HospitalApi},
};
use cleaning::{
    issue::Issue,
    outcome::Failure,
    profile::{Profile, RetryPolicy},
    rules,
};
use worker_pool::{Gate, Lane};

/// The longest pause that a hospital may ask for and records wait for. One that asks for more does not work for now,
/// and its records are better told so.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

/// What is left to do with a record, without its type, which would contain itself.
type Later = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One record that its hospital is to be asked about.
pub(super) struct VerificationJob {
    batch: Arc<BatchShared>,
    hospital: Arc<Hospital>,
    lane: Arc<Lane>,
    record: CleanRecord,
    /// The pauses between its calls, once there was a second one.
    pauses: Option<ExponentialBackoff>,
}

impl VerificationJob {
    pub(super) fn new(
        batch: Arc<BatchShared>,
        hospital: Arc<Hospital>,
        lane: Arc<Lane>,
        record: CleanRecord,
    ) -> Self {
        Self { batch, hospital, lane, record, pauses: None }
    }

    /// Asks for the first time. A call that could not end in time is not begun: the record then waits for the closing
    /// of its batch, as one that was not attempted.
    pub(super) async fn begin(self, ticket: Ticket) {
        let hospital = Arc::clone(&self.hospital);
        let Some(api) = &hospital.verification else { return };
        let waited = ticket.since().elapsed();
        self.batch.timings.queue.add(waited);
        if !self.would_end_in_time(api, Instant::now()) {
            return;
        }
        match api.health.try_begin_call() {
            Ok(call) => {
                // From now on, whether the call is made or not.
                let others = ProbePause::for_the_end_of(&call, &api.gate);
                if let Some(attempt) = ticket.begin() {
                    api.health.deposit_retry();
                    self.ask(api, attempt, call, others).await;
                }
            }
            Err(CallRefused::Probing) => {
                let (lane, now) = (Arc::clone(&self.lane), Instant::now());
                // A lane that takes nothing any more leaves the record to the closing of its batch.
                let _ = lane.submit_after(now, self.begin_later(ticket));
            }
            Err(CallRefused::Outage) => {
                let warnings = &self.record.warnings;
                self.batch.fail_unstarted(ticket, Failure::HospitalUnavailable, warnings);
            }
        }
    }

    fn begin_later(self, ticket: Ticket) -> Later {
        Box::pin(self.begin(ticket))
    }

    /// Asks again, after a call that failed.
    async fn resume(self, mut attempt: Attempt) {
        let hospital = Arc::clone(&self.hospital);
        let Some(api) = &hospital.verification else { return };
        match api.health.try_begin_call() {
            Ok(call) => {
                let others = ProbePause::for_the_end_of(&call, &api.gate);
                attempt.again();
                self.ask(api, attempt, call, others).await;
            }
            Err(CallRefused::Probing) => {
                self.wait_until(Instant::now(), attempt, Failure::HospitalUnavailable)
            }
            Err(CallRefused::Outage) => self.fail(attempt, Failure::HospitalUnavailable),
        }
    }

    async fn ask(
        mut self,
        api: &HospitalApi,
        attempt: Attempt,
        call: CallPermit,
        others: Option<ProbePause<'_>>,
    ) {
        let started = Instant::now();
        let until = self.batch.cutoffs.answer_at;
        // A panic would be settled by the attempt's end all the same; caught here, it is written down too.
        let answer = AssertUnwindSafe(answer(api, &self.record, call, until)).catch_unwind();
        let answer = tokio::select! {
            biased;
            () = self.batch.cut.cancelled() => return attempt.leave(),
            answer = answer => answer.unwrap_or(Err(FaultKind::Panicked.into())),
        };
        // Before the answer is heeded, which may ask for a pause of its own.
        drop(others);
        self.batch.timings.verify.add(started.elapsed());
        match answer {
            Ok(verdict) => {
                self.record.warnings.extend(finding(verdict, &self.hospital.profile));
                self.batch.conclude(attempt, self.record);
            }
            Err(fault) => self.handle_fault(api, attempt, fault),
        }
    }

    /// Does what a fault asks for: by all records of the hospital, then by this one.
    fn handle_fault(mut self, api: &HospitalApi, attempt: Attempt, fault: CallFault) {
        let now = Instant::now();
        match fault.retry_after {
            Some(asked) if asked > MAX_RETRY_AFTER => api.health.stop_calls_until(now + asked),
            Some(asked) => api.gate.pause(now + asked),
            None => {}
        }
        match self.retry_at(api, &attempt, fault, now) {
            Some(moment) => self.wait_until(moment, attempt, fault.kind.failure()),
            None => self.fail(attempt, fault.kind.failure()),
        }
    }

    /// When the call may be made again; nothing if it may not, or if it could not end in time.
    fn retry_at(
        &mut self,
        api: &HospitalApi,
        attempt: &Attempt,
        fault: CallFault,
        now: Instant,
    ) -> Option<Instant> {
        let may_be_made_again = match fault.kind.retry_allowance() {
            RetryAllowance::Never => false,
            RetryAllowance::Once => attempt.number() == 1,
            RetryAllowance::AsConfigured => true,
        };
        if !may_be_made_again {
            return None;
        }
        let pauses = self.pauses.get_or_insert_with(|| pauses(api.retry));
        let moment = now + pauses.next()?.max(fault.retry_after.unwrap_or_default());
        // The budget is asked last, for asking takes from it.
        (self.would_end_in_time(api, moment) && api.health.try_take_retry()).then_some(moment)
    }

    /// Goes back to the lane. Whatever ends the wait before its time, the record fails of what its last call met.
    fn wait_until(self, moment: Instant, attempt: Attempt, failure: Failure) {
        let lane = Arc::clone(&self.lane);
        let waiting = PendingRetry(Some((self, attempt, failure)));
        // A lane that takes nothing any more drops what waits, which settles it.
        let _ = lane.submit_after(moment, waiting.resume());
    }

    /// Whether a usual call that begins at `moment` ends before running calls are cut. A quarter more than the median:
    /// calls vary, and one that is cut was made for nothing.
    fn would_end_in_time(&self, api: &HospitalApi, moment: Instant) -> bool {
        moment + api.health.median_latency() * 5 / 4 < self.batch.cutoffs.cut_at
    }

    fn fail(self, attempt: Attempt, failure: Failure) {
        self.batch.fail(attempt, failure, &self.record.warnings);
    }
}

/// A record between two calls, with what the last one failed of.
struct PendingRetry(Option<(VerificationJob, Attempt, Failure)>);

impl PendingRetry {
    async fn resume(mut self) {
        if let Some((asking, attempt, _)) = self.0.take() {
            asking.resume(attempt).await;
        }
    }
}

impl Drop for PendingRetry {
    fn drop(&mut self) {
        if let Some((asking, attempt, failure)) = self.0.take() {
            asking.fail(attempt, failure);
        }
    }
}

/// The hospital's verdict: a kept one, if it may be kept, else that of a call.
async fn answer(
    api: &HospitalApi,
    record: &CleanRecord,
    call: CallPermit,
    until: Instant,
) -> Result<Verdict, CallFault> {
    let ask = async {
        let answer = api.client.verify(&record.patient, until).await;
        let limit = match answer {
            Ok(_) => call.record_success(),
            Err(fault) => call.record_failure(fault.kind),
        };
        limit.into_iter().for_each(|limit| api.gate.set_limit(limit));
        answer
    };
    match &api.verdict_cache {
        Some(verdicts) => verdicts.verdict(&record.patient, ask).await,
        None => ask.await,
    }
}

/// Keeps the records of a hospital, of all batches, in their lanes while a call finds out whether it works again.
struct ProbePause<'g> {
    gate: &'g Gate,
    until: Instant,
}

impl<'g> ProbePause<'g> {
    /// None for a call that is like any other.
    fn for_the_end_of(call: &CallPermit, gate: &'g Gate) -> Option<Self> {
        let until = call.probe_deadline()?;
        gate.pause(until);
        Some(Self { gate, until })
    }
}

impl Drop for ProbePause<'_> {
    fn drop(&mut self) {
        self.gate.end_pause(self.until);
    }
}

fn pauses(retry: RetryPolicy) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_jitter()
        .with_min_delay(retry.min_delay)
        .with_max_delay(retry.max_delay)
        .with_max_times(retry.attempts.saturating_sub(1) as usize)
        .build()
}

fn finding(verdict: Verdict, profile: &Profile) -> Option<Issue> {
    let rule = match verdict {
        Verdict::Match => return None,
        Verdict::Mismatch => &rules::IDENTITY_MISMATCH,
        Verdict::Illegal => &rules::IDENTITY_ILLEGAL,
        Verdict::NotFound => &rules::IDENTITY_NOT_FOUND,
    };
    (!rule.is_off(profile)).then(|| rule.issue(Some(profile)))
}
