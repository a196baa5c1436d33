//! A row of a chunk, prepared once and written as often as it takes.

use std::borrow::Cow;

use cleaning::{
    issue::Issue,
    outcome::{Failure, Outcome},
};

use super::{classify::Candidate, issue_column, table::PatientRow};
use crate::model::{Content, Row, Written};

pub(crate) struct PreparedRow<'a> {
    pub(crate) row: &'a Row,
    /// Its index in the chunk, where its result goes.
    pub(crate) position: usize,
    pub(crate) content: Content<Box<PatientRow<'a>>>,
    pub(crate) record_id: Cow<'a, str>,
    pub(crate) hospital_code: Cow<'a, str>,
    /// For the row of `outcomes`.
    pub(crate) issues: Cow<'static, str>,
    pub(crate) retryable: bool,
    /// What a transaction made of it that may have been committed.
    pub(crate) unconfirmed: Option<Written>,
}

impl<'a> PreparedRow<'a> {
    pub(crate) fn new(position: usize, row: &'a Row) -> Self {
        let content = match &row.content {
            Content::Patient(patient) => Content::Patient(Box::new(PatientRow::new(row, patient))),
            Content::Settled(outcome) => Content::Settled(*outcome),
        };
        Self {
            row,
            position,
            content,
            record_id: without_nul(&row.record_id),
            hospital_code: without_nul(&row.hospital_code),
            issues: issue_column::encode(&row.issues),
            retryable: row.retryable,
            unconfirmed: None,
        }
    }

    /// The same row after the store has refused its data: only that it failed is written.
    pub(crate) fn refused(self) -> Self {
        let failure = Issue::error(Failure::StoreFailed.kind(), "");
        let issues: Vec<Issue> = std::iter::once(failure).chain(self.row.issues.iter().cloned()).collect();
        let issues = issue_column::encode(&issues);
        // The same data would be refused again.
        Self {
            content: Content::Settled(Outcome::Failed),
            issues,
            retryable: false,
            unconfirmed: None,
            ..self
        }
    }

    /// Its result when time is up.
    pub(crate) fn given_up(&self) -> Written {
        if self.unconfirmed.is_some() { Written::Unknown } else { Written::Unavailable }
    }

    /// Sorts patients by their keys and indexes, after the other rows.
    pub(crate) fn sort_key(&self) -> impl Ord + use<'a> {
        (self.patient().map(|patient| patient.key), self.row.index)
    }

    pub(crate) fn patient(&self) -> Option<&PatientRow<'a>> {
        match &self.content {
            Content::Patient(patient) => Some(patient),
            Content::Settled(_) => None,
        }
    }

    pub(crate) fn candidate(&self) -> Option<Candidate<'_>> {
        Some(Candidate { unconfirmed: self.unconfirmed, ..self.patient()?.candidate() })
    }

    /// Whether the record has a row in `rejects`, too.
    pub(crate) fn is_rejected(&self) -> bool {
        matches!(self.content, Content::Settled(Outcome::Rejected))
    }
}

/// PostgreSQL's text cannot hold U+0000. Ids that hold one belong to rejected records, and a chunk must not be bisected
/// for each of them; the raw record keeps the original.
fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}").into() } else { text.into() }
}
