//! The third stage: what a worker does with one record. It asks the hospital and draws the conclusion. A record whose
//! call failed for a transient reason goes back to its lane until its time comes; it holds no worker while it waits.
//!
//! What happens next is decided in [`next_step`], which makes no call and holds no lock; this file does what it says.

mod next_step;
mod probe_pause;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use cleaning::{issue::Issue, outcome::Failure, patient::Patient, profile::Profile, rules};
use futures_util::FutureExt;
use tokio::time::Instant;
use worker_pool::Lane;

use self::{
    next_step::{CallProgress, Event, Step},
    probe_pause::ProbePause,
};
use crate::{
    client::{
        hospital_api::{CallFault, FaultKind, HospitalApi, Verdict},
        hospital_health::CallPermit,
    },
    logic::{
        batch::{BatchShared, CleanRecord},
        ledger::{Attempt, Ticket},
    },
    svc::Hospital,
};

/// The longest pause that a hospital may ask for and records wait for. A hospital that asks for more counts as down,
/// so that its records fail at once.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

/// One record that its hospital is to be asked about.
pub(super) struct VerificationJob {
    batch: Arc<BatchShared>,
    hospital: Arc<Hospital>,
    lane: Arc<Lane>,
    record: CleanRecord,
    progress: CallProgress,
}

/// The handle of a record, before and after its first call.
enum Handle {
    Unstarted(Ticket),
    Started(Attempt),
}

impl VerificationJob {
    pub(super) fn new(
        batch: Arc<BatchShared>,
        hospital: Arc<Hospital>,
        lane: Arc<Lane>,
        record: CleanRecord,
    ) -> Self {
        Self { batch, hospital, lane, record, progress: CallProgress::default() }
    }

    /// Asks for the first time.
    pub(super) async fn begin(self, ticket: Ticket) {
        self.take_turn(Handle::Unstarted(ticket)).await;
    }

    /// Works on the record until it is settled, goes back to its lane, or is left to the closing of its batch.
    async fn take_turn(mut self, mut handle: Handle) {
        let hospital = Arc::clone(&self.hospital);
        let Some(api) = &hospital.verification else { return };
        if let Handle::Unstarted(ticket) = &handle {
            self.batch.timings.queue.add(ticket.since().elapsed());
        }
        let cut_at = self.batch.cutoffs.cut_at;
        // A quarter more than the median: calls vary, and a call that is cut was made for nothing.
        let ends_in_time = |start: Instant| start + api.health.median_latency() * 5 / 4 < cut_at;
        let mut event = Event::Turn;
        loop {
            match self.progress.next(event, Instant::now(), api.retry, ends_in_time) {
                Step::Call => match self.call(api, handle).await {
                    Some((started, answer)) => (handle, event) = (started, answer),
                    None => return,
                },
                Step::Wait { until, failure } => return self.go_back(until, handle, failure),
                Step::RetryAt { at, failure } => {
                    // The budget is asked last, because asking takes from it.
                    let is_granted = api.health.try_take_retry();
                    return if is_granted {
                        self.go_back(at, handle, failure)
                    } else {
                        self.fail(handle, failure)
                    };
                }
                Step::Fail(failure) => return self.fail(handle, failure),
                Step::Conclude(verdict) => return self.conclude(handle, verdict),
                Step::Leave => return,
            }
        }
    }

    /// Makes a call, if the health of the hospital permits one. `None` if the batch closes or is cut: its closing
    /// settles the record.
    async fn call(&self, api: &HospitalApi, handle: Handle) -> Option<(Handle, Event)> {
        let permit = match api.health.try_begin_call() {
            Ok(permit) => permit,
            Err(refused) => return Some((handle, Event::Refused(refused))),
        };
        // The pause ends when this is dropped, whether the call is made or not.
        let probe_pause = ProbePause::during(&permit, &api.gate);
        let attempt = handle.start_attempt(api)?;
        let started = Instant::now();
        // A panic would be settled by the end of the attempt all the same; caught here, it is written down too.
        let answer = answer(api, &self.record.patient, permit, self.batch.cutoffs.answer_at);
        let answer = tokio::select! {
            biased;
            () = self.batch.cut.cancelled() => {
                attempt.leave();
                return None;
            }
            answer = AssertUnwindSafe(answer).catch_unwind() => answer.unwrap_or(Err(FaultKind::Panicked.into())),
        };
        // Before the fault is handled, which may ask for a pause of its own.
        drop(probe_pause);
        self.batch.timings.verify.add(started.elapsed());
        if let Err(fault) = answer {
            hold_back_calls(api, fault);
        }
        Some((Handle::Started(attempt), Event::Answered(answer)))
    }

    /// Goes back to the lane until a moment. A started record whose wait ends before its time fails of what its last
    /// call met; another one is left to the closing of its batch.
    fn go_back(self, until: Instant, handle: Handle, failure: Failure) {
        let lane = Arc::clone(&self.lane);
        let pending = PendingTurn(Some((self, handle, failure)));
        // A lane that is closed drops what it is given, which settles a started record.
        let _ = lane.submit_after(until, pending.take_turn());
    }

    fn conclude(mut self, handle: Handle, verdict: Verdict) {
        // A verdict is the answer to a call, and a call starts the record.
        let Handle::Started(attempt) = handle else { return };
        self.record.warnings.extend(issue_of(verdict, &self.hospital.profile));
        self.batch.conclude(attempt, self.record);
    }

    fn fail(self, handle: Handle, failure: Failure) {
        match handle {
            Handle::Unstarted(ticket) => self.batch.fail_unstarted(ticket, failure, &self.record.warnings),
            Handle::Started(attempt) => self.batch.fail(attempt, failure, &self.record.warnings),
        }
    }
}

impl Handle {
    /// Begins another attempt; `None` if the batch is closed.
    fn start_attempt(self, api: &HospitalApi) -> Option<Attempt> {
        match self {
            Self::Unstarted(ticket) => {
                let attempt = ticket.begin()?;
                api.health.deposit_retry();
                Some(attempt)
            }
            Self::Started(mut attempt) => {
                attempt.again();
                Some(attempt)
            }
        }
    }
}

/// A record between two turns, with what the last one failed of.
struct PendingTurn(Option<(VerificationJob, Handle, Failure)>);

impl PendingTurn {
    async fn take_turn(mut self) {
        if let Some((job, handle, _)) = self.0.take() {
            job.take_turn(handle).await;
        }
    }
}

impl Drop for PendingTurn {
    fn drop(&mut self) {
        if let Some((job, handle @ Handle::Started(_), failure)) = self.0.take() {
            job.fail(handle, failure);
        }
    }
}

/// The verdict of the hospital: a cached one, if there is one, else that of a call.
async fn answer(
    api: &HospitalApi,
    patient: &Patient,
    permit: CallPermit,
    until: Instant,
) -> Result<Verdict, CallFault> {
    let call = async {
        let answer = api.client.verify(patient, until).await;
        let limit = match answer {
            Ok(_) => permit.record_success(),
            Err(fault) => permit.record_failure(fault.kind),
        };
        limit.into_iter().for_each(|limit| api.gate.set_limit(limit));
        answer
    };
    match &api.verdict_cache {
        Some(cache) => cache.verdict(patient, call).await,
        None => call.await,
    }
}

/// Keeps all records of a hospital from calling it for as long as it asks for.
fn hold_back_calls(api: &HospitalApi, fault: CallFault) {
    let now = Instant::now();
    match fault.retry_after {
        Some(asked) if asked > MAX_RETRY_AFTER => api.health.stop_calls_until(now + asked),
        Some(asked) => api.gate.pause(now + asked),
        None => {}
    }
}

fn issue_of(verdict: Verdict, profile: &Profile) -> Option<Issue> {
    let rule = match verdict {
        Verdict::Match => return None,
        Verdict::Mismatch => &rules::IDENTITY_MISMATCH,
        Verdict::Illegal => &rules::IDENTITY_ILLEGAL,
        Verdict::NotFound => &rules::IDENTITY_NOT_FOUND,
    };
    (!rule.is_off(profile)).then(|| rule.issue(Some(profile)))
}
