//! What became of one record, for the caller.

use std::sync::Arc;

use super::{record_ref::RecordRef, settlement::Settlement};

/// What became of one record.
pub struct RecordResult {
    /// Position in the batch, starting at 0.
    pub index: u32,
    /// The caller's id of the record.
    pub id: Arc<str>,
    /// How it ended.
    pub settlement: Settlement,
}

impl RecordResult {
    pub(super) fn new(record: &RecordRef, settlement: Settlement) -> Self {
        Self { index: record.index, id: Arc::clone(&record.id), settlement }
    }
}
