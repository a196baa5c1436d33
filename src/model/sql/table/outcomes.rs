//! The table `outcomes`.

use std::borrow::Cow;

use cleaning::{issue::Issue, outcome::Outcome, resend_digest::ResendDigest};

use super::{
    Column, Table,
    Value::{Bigint, Boolean, Bytes, Text},
    text,
};
use crate::model::{
    Content, Written,
    sql::{issue_column, prepared_row::PreparedRow},
};

/// Bytes of most outcomes.
const USUAL_SIZE: usize = 256;

/// A row of `outcomes`.
pub(crate) struct OutcomeRow<'a> {
    pub(crate) record: &'a PreparedRow<'a>,
    pub(crate) outcome: Outcome,
    pub(crate) issues: Cow<'a, str>,
}

impl<'a> OutcomeRow<'a> {
    /// The row of a record, given what the store made of a patient.
    pub(crate) fn new(record: &'a PreparedRow<'a>, written: Written) -> Self {
        let found: Vec<Issue> = written.issues().collect();
        let issues = if found.is_empty() {
            Cow::Borrowed(&*record.issues)
        } else {
            issue_column::encode(&record.row.issues.iter().cloned().chain(found).collect::<Vec<_>>())
        };
        let outcome = match (&record.content, written) {
            (Content::Settled(outcome), _) => *outcome,
            (Content::Patient(_), Written::Stored { .. }) => Outcome::Stored,
            (Content::Patient(_), Written::Unchanged) => Outcome::Unchanged,
            (Content::Patient(_), Written::Stale) => Outcome::Stale,
            (Content::Patient(_), Written::Superseded) => Outcome::Superseded,
            // Only transactions that were not committed end so, and they write nothing.
            (Content::Patient(_), _) => Outcome::Failed,
        };
        Self { record, outcome, issues }
    }

    pub(crate) fn index(&self) -> u32 {
        self.record.row.index
    }
}

pub(crate) struct Outcomes;

impl Table for Outcomes {
    type Row<'a> = OutcomeRow<'a>;

    const NAME: &'static str = "outcomes";
    const BATCH: &'static str = "batch_key";
    const KEY: &'static [&'static str] = &["batch_key", "record_index"];

    const COLUMNS: &'static [Column<Self>] = &[
        Column { name: "record_index", value: Bigint(|row| row.index().into()) },
        Column { name: "record_id", value: Text(|row| text(&row.record.record_id)) },
        Column { name: "hospital_code", value: Text(|row| text(&row.record.hospital_code)) },
        Column { name: "outcome", value: Text(|row| text(row.outcome.name())) },
        Column { name: "issues", value: Text(|row| text(&row.issues)) },
        Column { name: "retryable", value: Boolean(|row| row.record.retryable) },
        Column { name: "attempts", value: Bigint(|row| row.record.row.attempts.into()) },
        Column {
            name: "digest",
            value: Bytes(|row| row.record.row.digest.as_ref().map(ResendDigest::as_bytes)),
        },
    ];

    const DEFAULTED: &'static [&'static str] = &[];

    const MAY_REPLACE: Option<&'static str> = Some(
        "stored.outcome IN ('failed', 'not_attempted')
         OR (stored.digest IS NULL AND excluded.outcome NOT IN ('failed', 'not_attempted'))",
    );

    fn size(_row: &OutcomeRow<'_>) -> usize {
        USUAL_SIZE
    }
}
