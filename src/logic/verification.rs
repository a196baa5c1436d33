//! What a worker does with one record: ask the hospital, and draw the conclusion.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use tokio::time::Instant;

use super::{
    ledger::Ticket,
    running::{CleanRecord, RunningBatch},
};
use crate::{
    client::verification::Verdict,
    domain::{hospital::Profile, issue::Issue, outcome::Failure, rules},
    svc::Hospital,
};

/// Verifies one record. Ends at once when the batch is cut; the closing of the batch then says why.
pub(super) async fn verify(
    batch: Arc<RunningBatch>,
    hospital: Arc<Hospital>,
    ticket: Ticket,
    mut record: CleanRecord,
) {
    let waited = ticket.since().elapsed();
    let (Some(attempt), Some(api)) = (ticket.begin(), &hospital.verification) else { return };
    batch.timings.queue.add(waited);
    let started = Instant::now();
    // A panic would be settled by the attempt's end all the same; caught here, it is written down too.
    let verdict = AssertUnwindSafe(api.client.verify(&record.patient, batch.cutoffs.answer_at));
    let verdict = tokio::select! {
        biased;
        () = batch.cut.cancelled() => return attempt.leave(),
        verdict = verdict.catch_unwind() => verdict.unwrap_or(Err(Failure::Internal)),
    };
    batch.timings.verify.add(started.elapsed());
    match verdict {
        Ok(verdict) => {
            record.warnings.extend(finding(verdict, &hospital.profile));
            batch.conclude(attempt, record);
        }
        Err(failure) => batch.fail(attempt, failure, &record.warnings),
    }
}

fn finding(verdict: Verdict, profile: &Profile) -> Option<Issue> {
    let rule = match verdict {
        Verdict::Match => return None,
        Verdict::Mismatch => &rules::IDENTITY_MISMATCH,
        Verdict::Illegal => &rules::IDENTITY_ILLEGAL,
        Verdict::NotFound => &rules::IDENTITY_NOT_FOUND,
    };
    (!profile.is_off(rule)).then(|| rule.issue(Some(profile)))
}
