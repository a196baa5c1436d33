//! Who a record is, kept from its arrival until its result has gone out.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    logic::ledger::Settlement,
    model::{Content, Row},
    svc::ServiceContext,
};
use cleaning::{change::Change, issue::Issue, phi::Phi, record::RawRecord, resend_digest::ResendDigest};

/// Longest record id, in characters. Of what is longer, and of a hospital's code, so much is kept.
pub(super) const MAX_RECORD_ID: usize = 128;

/// Who a record is.
#[derive(Default)]
pub struct RecordRef {
    /// Place in the batch, from 0.
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
    pub(super) fn of(record: &RawRecord, digest: Option<ResendDigest>, svc: &ServiceContext) -> Arc<Self> {
        Arc::new(Self {
            index: record.index,
            id: cut(&record.id),
            hospital_code: known(&record.hospital_code, svc),
            stated_hospital_code: cut(&record.hospital_code),
            digest,
        })
    }

    /// The row of a record that is settled, with its raw record where that is kept.
    pub(super) fn settled_row(&self, raw: Phi<Bytes>, settlement: &Settlement) -> Row {
        let Settlement { outcome, issues, attempts, retryable } = settlement;
        let row = self.row(raw, issues, Arc::default(), *attempts, Content::Settled(*outcome));
        Row { retryable: *retryable, ..row }
    }

    /// The record's row for the store.
    pub(super) fn row(
        &self,
        raw: Phi<Bytes>,
        issues: &Arc<[Issue]>,
        changes: Arc<[Change]>,
        attempts: u32,
        content: Content,
    ) -> Row {
        Row {
            index: self.index,
            record_id: Arc::clone(&self.id),
            hospital_code: Arc::clone(&self.stated_hospital_code),
            raw,
            issues: Arc::clone(issues),
            changes,
            attempts,
            retryable: false,
            digest: self.digest,
            content,
        }
    }
}

fn known(hospital_code: &str, svc: &ServiceContext) -> Arc<str> {
    svc.hospitals.get(hospital_code).map_or_else(Arc::default, |hospital| Arc::clone(&hospital.profile.code))
}

fn cut(text: &Arc<str>) -> Arc<str> {
    match text.char_indices().nth(MAX_RECORD_ID) {
        Some((end, _)) => text[..end].into(),
        None => Arc::clone(text),
    }
}
