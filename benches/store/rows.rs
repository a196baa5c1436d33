//! The rows that are stored: the synthetic persons, cleaned.

use std::sync::{Arc, OnceLock};

use cleaning::{clean::clean, outcome::Outcome, profile::Profile, record::Payload};
use dataprocessing::model::{Chunk, Content, Row};

use crate::febrl;

/// Rows that one sample writes.
pub(crate) const ROWS: usize = 10_000;

/// All rows in chunks, as those of one batch.
pub(crate) fn chunks(rows: usize, batch_id: &str, row: impl Fn(usize, &str) -> Option<Row>) -> Vec<Chunk> {
    // More than needed, for some are rejected.
    let texts = (0..3).flat_map(|round| febrl::records(5_000, round));
    let rows_of_all: Vec<Row> =
        texts.enumerate().filter_map(|(index, text)| row(index, &text)).take(ROWS).collect();
    let mut left = rows_of_all.into_iter().peekable();
    let mut chunks = Vec::new();
    while left.peek().is_some() {
        let rows = left.by_ref().take(rows).collect();
        chunks.push(Chunk { batch_id: Arc::from(batch_id), resumes: false, rows });
    }
    chunks
}

/// A patient; nothing if the rules reject the record.
pub(crate) fn patient(index: usize, text: &str) -> Option<Row> {
    let profile = profile();
    let payload = Payload::Json(text.into());
    let cleaned = clean(&payload, profile, "2026-01-01T00:00:00Z".parse().expect("a time"));
    let content = Content::Patient(cleaned.patient?);
    let (issues, changes) = (cleaned.issues.into(), cleaned.changes.into());
    Some(Row { issues, changes, content, ..bare(index, payload) })
}

/// The record rejected.
pub(crate) fn reject(index: usize, text: &str) -> Option<Row> {
    let row = patient(index, text)?;
    Some(Row { content: Content::Settled(Outcome::Rejected), ..row })
}

/// The outcome of the record, without its patient.
pub(crate) fn outcome(index: usize, text: &str) -> Option<Row> {
    let row = patient(index, text)?;
    Some(Row { content: Content::Settled(Outcome::Stored), ..row })
}

fn bare(index: usize, payload: Payload) -> Row {
    Row {
        index: index as u32,
        record_id: format!("record-{index}").into(),
        hospital_code: febrl::HOSPITAL.into(),
        raw: payload.into_raw(),
        issues: Arc::default(),
        changes: Arc::default(),
        attempts: 1,
        retryable: false,
        digest: None,
        content: Content::Settled(Outcome::Rejected),
    }
}

fn profile() -> &'static Profile {
    static PROFILE: OnceLock<Arc<Profile>> = OnceLock::new();
    PROFILE.get_or_init(|| profiles::shipped()[febrl::HOSPITAL].clone())
}
