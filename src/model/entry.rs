//! One row on its way through transactions, which may take more than one.

use std::borrow::Cow;

use super::{
    Content, Row, Written,
    classify::Candidate,
    columns::{OutcomeColumns, PatientColumns, RejectColumns, issues_json},
    findings,
};
use cleaning::{
    issue::Issue,
    outcome::{Failure, Outcome},
    resend_digest::ResendDigest,
};

/// One row of a chunk, prepared once and written as often as it takes.
pub(super) struct Entry<'a> {
    row: &'a Row,
    /// Its place in the chunk, where its result goes.
    pub(super) place: usize,
    pub(super) work: Work<'a>,
    record_id: Cow<'a, str>,
    hospital_code: Cow<'a, str>,
    /// The column of the row's issues.
    issues: Cow<'static, str>,
    retryable: bool,
    /// What a transaction that may have been committed made of it.
    pub(super) unconfirmed: Option<Written>,
}

/// What is to be written for a row.
pub(super) enum Work<'a> {
    /// A patient and the outcome that comes of it.
    Patient(Box<PatientColumns<'a>>),
    /// Only the outcome.
    Outcome(Outcome),
}

impl<'a> Entry<'a> {
    pub(super) fn new(place: usize, row: &'a Row) -> Self {
        let work = match &row.content {
            Content::Patient(patient) => Work::Patient(Box::new(PatientColumns::new(row, patient))),
            Content::Settled(outcome) => Work::Outcome(*outcome),
        };
        Self {
            row,
            place,
            work,
            record_id: without_nul(&row.record_id),
            hospital_code: without_nul(&row.hospital_code),
            issues: findings::to_column(&row.issues),
            retryable: row.retryable,
            unconfirmed: None,
        }
    }

    /// The same row once the store has refused its data: only that it failed is written.
    pub(super) fn refused(self) -> Self {
        let failure = Issue::error(Failure::StoreFailed.kind(), "");
        let issues: Vec<Issue> = std::iter::once(failure).chain(self.row.issues.iter().cloned()).collect();
        let issues = findings::to_column(&issues);
        // The same data would be refused again.
        Self { work: Work::Outcome(Outcome::Failed), issues, retryable: false, unconfirmed: None, ..self }
    }

    /// What the caller is told when time is up.
    pub(super) fn given_up(&self) -> Written {
        if self.unconfirmed.is_some() { Written::Unknown } else { Written::Unavailable }
    }

    /// Patients in the order of their keys and indexes, and the others.
    pub(super) fn order(&self) -> impl Ord + use<'a> {
        (self.patient().map(|patient| patient.key), self.row.index)
    }

    pub(super) fn patient(&self) -> Option<&PatientColumns<'a>> {
        match &self.work {
            Work::Patient(patient) => Some(patient),
            Work::Outcome(_) => None,
        }
    }

    pub(super) fn candidate(&self) -> Option<Candidate<'_>> {
        let candidate = self.patient()?.candidate();
        Some(Candidate { unconfirmed: self.unconfirmed, ..candidate })
    }

    pub(super) fn outcome(&self, outcome: Outcome, written: Written) -> OutcomeColumns<'_> {
        let found: Vec<Issue> = written.issues().collect();
        let issues = if found.is_empty() {
            Cow::Borrowed(&*self.issues)
        } else {
            findings::to_column(&self.row.issues.iter().cloned().chain(found).collect::<Vec<_>>())
        };
        OutcomeColumns {
            index: self.row.index,
            record_id: &self.record_id,
            hospital_code: &self.hospital_code,
            outcome,
            issues,
            retryable: self.retryable,
            attempts: self.row.attempts,
            digest: self.row.digest.as_ref().map(ResendDigest::as_bytes),
        }
    }

    /// The row of `rejects`, for a record that was rejected.
    pub(super) fn reject(&self) -> Option<RejectColumns<'_>> {
        matches!(self.work, Work::Outcome(Outcome::Rejected)).then(|| RejectColumns {
            index: self.row.index,
            record_id: &self.record_id,
            hospital_code: &self.hospital_code,
            raw: &self.row.raw,
            issues: issues_json(&self.row.issues, Written::Recorded),
        })
    }
}

/// PostgreSQL's text cannot hold U+0000. Ids that hold one belong to rejected records, and a chunk must not
/// be taken apart for each of them; the raw record keeps the original.
fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}").into() } else { text.into() }
}
