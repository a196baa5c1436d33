//! What a verification job does next: a pure function of what has happened to it so far.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use cleaning::{outcome::Failure, profile::RetryPolicy};
use tokio::time::Instant;

use crate::client::{
    hospital_api::{CallFault, RetryAllowance, Verdict},
    hospital_health::CallRefused,
};

/// How far a job is.
#[derive(Default)]
pub(super) struct CallProgress {
    /// Calls that were answered.
    calls: u32,
    /// The pauses between the calls, once the first one has failed.
    pauses: Option<ExponentialBackoff>,
}

/// What has happened to a job.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A worker has taken it up.
    Turn,
    /// The hospital may not be called now.
    Refused(CallRefused),
    Answered(Result<Verdict, CallFault>),
}

/// What a job does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Call the hospital, if its health permits a call.
    Call,
    /// Go back to the lane. A started record fails of `failure` if it never gets another turn.
    Wait {
        until: Instant,
        failure: Failure,
    },
    /// Go back to the lane if the retry budget allows it, else fail.
    RetryAt {
        at: Instant,
        failure: Failure,
    },
    Conclude(Verdict),
    Fail(Failure),
    /// Leave the record to the closing of its batch, as one that was not attempted.
    Leave,
}

impl CallProgress {
    /// The next step. `ends_in_time` says whether a call that begins at a moment is likely to end before the batch
    /// cuts its calls.
    pub(super) fn next(
        &mut self,
        event: Event,
        now: Instant,
        retry: RetryPolicy,
        ends_in_time: impl Fn(Instant) -> bool,
    ) -> Step {
        match event {
            Event::Turn if self.calls == 0 && !ends_in_time(now) => Step::Leave,
            Event::Turn => Step::Call,
            Event::Refused(CallRefused::Probing) => {
                Step::Wait { until: now, failure: Failure::HospitalUnavailable }
            }
            Event::Refused(CallRefused::Outage) => Step::Fail(Failure::HospitalUnavailable),
            Event::Answered(Ok(verdict)) => Step::Conclude(verdict),
            Event::Answered(Err(fault)) => {
                self.calls += 1;
                let failure = fault.kind.failure();
                match self.retry_at(fault, now, retry).filter(|at| ends_in_time(*at)) {
                    Some(at) => Step::RetryAt { at, failure },
                    None => Step::Fail(failure),
                }
            }
        }
    }

    /// When a failed call may be made again; none if it may not.
    fn retry_at(&mut self, fault: CallFault, now: Instant, retry: RetryPolicy) -> Option<Instant> {
        let may_retry = match fault.kind.retry_allowance() {
            RetryAllowance::Never => false,
            RetryAllowance::Once => self.calls == 1,
            RetryAllowance::AsConfigured => true,
        };
        if !may_retry {
            return None;
        }
        let pauses = self.pauses.get_or_insert_with(|| pauses(retry));
        Some(now + pauses.next()?.max(fault.retry_after.unwrap_or_default()))
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::client::hospital_api::FaultKind;

    const RETRY: RetryPolicy =
        RetryPolicy { attempts: 3, min_delay: Duration::from_millis(100), max_delay: Duration::from_secs(1) };

    #[test]
    fn records_that_failed_together_are_not_retried_together() {
        let first = |_| pauses(RETRY).next().unwrap();
        let all: std::collections::HashSet<_> = (0..20).map(first).collect();
        assert!(all.len() > 1);
    }

    fn in_time(_: Instant) -> bool {
        true
    }

    fn failed(kind: FaultKind) -> Event {
        Event::Answered(Err(kind.into()))
    }

    /// The pause after a call that failed, if it may be made again.
    fn pause_after(progress: &mut CallProgress, fault: CallFault) -> Option<Duration> {
        let now = Instant::now();
        match progress.next(Event::Answered(Err(fault)), now, RETRY, in_time) {
            Step::RetryAt { at, failure } => {
                assert_eq!(failure, fault.kind.failure());
                Some(at - now)
            }
            step => {
                assert_eq!(step, Step::Fail(fault.kind.failure()));
                None
            }
        }
    }

    #[test]
    fn a_verdict_ends_the_job() {
        let (mut progress, now) = (CallProgress::default(), Instant::now());
        assert_eq!(progress.next(Event::Turn, now, RETRY, in_time), Step::Call);
        let answered = Event::Answered(Ok(Verdict::Mismatch));
        assert_eq!(progress.next(answered, now, RETRY, in_time), Step::Conclude(Verdict::Mismatch));
    }

    #[test]
    fn a_first_call_that_could_not_end_in_time_is_not_begun_but_a_retry_that_was_planned_is() {
        let (mut progress, now) = (CallProgress::default(), Instant::now());
        assert_eq!(progress.next(Event::Turn, now, RETRY, |_| false), Step::Leave);
        assert!(pause_after(&mut progress, FaultKind::Timeout.into()).is_some());
        assert_eq!(progress.next(Event::Turn, now, RETRY, |_| false), Step::Call);
    }

    #[test]
    fn a_probe_of_another_record_is_waited_for_and_an_outage_is_not() {
        let (mut progress, now) = (CallProgress::default(), Instant::now());
        let refused = |refused| Event::Refused(refused);
        let failure = Failure::HospitalUnavailable;
        let step = progress.next(refused(CallRefused::Probing), now, RETRY, in_time);
        assert_eq!(step, Step::Wait { until: now, failure });
        let step = progress.next(refused(CallRefused::Outage), now, RETRY, in_time);
        assert_eq!(step, Step::Fail(failure));
    }

    #[test]
    fn the_calls_are_as_many_as_the_profile_allows_and_their_pauses_grow() {
        let mut progress = CallProgress::default();
        let first = pause_after(&mut progress, FaultKind::ServerError.into()).expect("a second call");
        let second = pause_after(&mut progress, FaultKind::ServerError.into()).expect("a third call");
        assert!(first >= RETRY.min_delay && second >= 2 * RETRY.min_delay, "{first:?}, {second:?}");
        assert_eq!(pause_after(&mut progress, FaultKind::ServerError.into()), None);
    }

    #[test]
    fn an_answer_that_is_none_is_asked_for_once_more_and_a_refusal_never() {
        let mut progress = CallProgress::default();
        assert!(pause_after(&mut progress, FaultKind::InvalidAnswer.into()).is_some());
        assert_eq!(pause_after(&mut progress, FaultKind::InvalidAnswer.into()), None);
        for kind in [FaultKind::BatchDeadline, FaultKind::Denied, FaultKind::ClientError, FaultKind::Panicked]
        {
            assert_eq!(pause_after(&mut CallProgress::default(), kind.into()), None);
        }
    }

    #[test]
    fn the_hospital_may_ask_for_a_longer_pause_but_not_for_a_shorter_one() {
        let asking = |millis| CallFault {
            kind: FaultKind::Throttled,
            retry_after: Some(Duration::from_millis(millis)),
        };
        assert_eq!(pause_after(&mut CallProgress::default(), asking(5_000)), Some(Duration::from_secs(5)));
        assert!(pause_after(&mut CallProgress::default(), asking(1)) >= Some(RETRY.min_delay));
    }

    #[test]
    fn a_retry_that_could_not_end_in_time_is_not_planned() {
        let (mut progress, now) = (CallProgress::default(), Instant::now());
        let step = progress.next(failed(FaultKind::Timeout), now, RETRY, |at| at < now + RETRY.min_delay);
        assert_eq!(step, Step::Fail(Failure::HospitalTimeout));
    }
}
