//! What is handed to the store: the rows of one batch, and its end.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use cleaning::{
    change::Change,
    issue::Issue,
    outcome::{Completion, Outcome, OutcomeCounts},
    patient::Patient,
    phi::Phi,
    resend_digest::ResendDigest,
};

/// Rows of one batch that are written together.
pub struct Chunk {
    pub batch_id: Arc<str>,
    /// Whether the batch was known when it was sent this time: outcomes may be stored that these rows replace.
    pub resumes: bool,
    /// In any order; an index occurs once.
    pub rows: Vec<Row>,
}

/// One record on its way into the store.
pub struct Row {
    /// Position in the batch.
    pub index: u32,
    /// The caller's id of the record.
    pub record_id: Arc<str>,
    /// The hospital as the caller wrote it.
    pub hospital_code: Arc<str>,
    /// What the hospital sent.
    pub raw: Phi<Bytes>,
    pub issues: Arc<[Issue]>,
    /// What formatting changed; written with a patient only.
    pub changes: Arc<[Change]>,
    pub attempts: u32,
    /// Whether sending the record again may end better, if it is settled.
    pub retryable: bool,
    /// Present if the batch may be sent again.
    pub digest: Option<ResendDigest>,
    pub content: Content,
}

/// What a row writes.
pub enum Content<P = Box<Patient>> {
    /// A patient, and the outcome that follows from it.
    Patient(P),
    /// Only the outcome, which is settled already; a REJECTED one also writes a reject with the raw record and its
    /// issues.
    Settled(Outcome),
}

/// The final row of a batch.
pub struct FinishedBatch {
    pub batch_id: Arc<str>,
    /// Why it ended.
    pub completion: Completion,
    /// Its records by outcome, if that is certainly what its rows say. Otherwise
    /// the rows are counted, which takes about a second per million.
    pub by_outcome: Option<OutcomeCounts>,
    /// The number of warnings on all its records.
    pub warnings: u32,
    /// From the arrival of the headers to the answer.
    pub elapsed: Duration,
}
