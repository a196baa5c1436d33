//! The table `outcomes`.

use std::borrow::Cow;

use cleaning::{outcome::Outcome, resend_digest::ResendDigest};

use super::{
    Column, Table,
    Value::{Bigint, Boolean, Bytes, Text},
    text,
};
use crate::model::sql::prepared_row::PreparedRow;

/// Bytes of most outcomes.
const USUAL_SIZE: usize = 256;

/// A row of `outcomes`.
pub(crate) struct OutcomeRow<'a> {
    pub(crate) record: &'a PreparedRow<'a>,
    pub(crate) outcome: Outcome,
    pub(crate) issues: Cow<'a, str>,
}

impl OutcomeRow<'_> {
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
