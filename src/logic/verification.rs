//! What a worker does with one record: ask the hospital, and draw the conclusion.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    ledger::Ticket,
    running::{CleanRecord, RunningBatch},
};
use crate::{
    client::verification::Verdict,
    domain::{hospital::Profile, issue::Issue, rules},
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
    let verdict = tokio::select! {
        biased;
        () = batch.cut.cancelled() => return attempt.leave(),
        verdict = api.client.verify(&record.patient, batch.cutoffs.answer_at) => verdict,
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
