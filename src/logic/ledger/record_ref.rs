//! Which record it is, kept from its arrival until its result has gone out.

use std::sync::Arc;

use cleaning::{record::RawRecord, resend_digest::ResendDigest};

/// Longest record id, in characters. Longer ids and hospital codes are truncated to this.
pub const MAX_RECORD_ID: usize = 128;

/// The identity of one record in its batch.
#[derive(Default)]
pub struct RecordRef {
    /// Position in the batch, starting at 0.
    pub index: u32,
    /// The caller's id; the answer carries it back.
    pub id: Arc<str>,
    /// The hospital if it is known; else empty, so that unknown ones are one group of the report.
    pub hospital_code: Arc<str>,
    /// The hospital as the caller wrote it, for the store.
    pub stated_hospital_code: Arc<str>,
    /// The digest of the record, if its batch may be sent again.
    pub digest: Option<ResendDigest>,
}

impl RecordRef {
    /// The reference of a record; `hospital_code` is that of its hospital, if that is known.
    pub fn new(
        record: &RawRecord,
        hospital_code: Option<&Arc<str>>,
        digest: Option<ResendDigest>,
    ) -> Arc<Self> {
        Arc::new(Self {
            index: record.index,
            id: truncated(&record.id),
            hospital_code: hospital_code.map(Arc::clone).unwrap_or_default(),
            stated_hospital_code: truncated(&record.hospital_code),
            digest,
        })
    }
}

fn truncated(text: &Arc<str>) -> Arc<str> {
    match text.char_indices().nth(MAX_RECORD_ID) {
        Some((end, _)) => text[..end].into(),
        None => Arc::clone(text),
    }
}
