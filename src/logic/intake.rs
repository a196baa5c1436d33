//! A batch as it comes in: what speaks against a record before its hospital's profile is asked, and the
//! rest sorted into one line per hospital.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bytes::Bytes;

use crate::{
    domain::{
        change::Change,
        issue::Issue,
        phi::Phi,
        record::{RawBatch, RawRecord},
        rules,
    },
    model::{Content, Row},
    svc::{Hospital, ServiceContext},
};

/// Longest record id, in characters. Of what is longer, and of a hospital's code, the store keeps so much.
const MAX_RECORD_ID: usize = 128;

/// A batch, sorted.
pub(super) struct Intake {
    /// Who each record is, by index.
    pub heads: Arc<[Head]>,
    /// Records to be cleaned, by hospital, each line in index order.
    pub lines: Vec<Line>,
    /// Records that are rejected as they are.
    pub rejected: Vec<(RawRecord, Vec<Issue>)>,
}

/// Who a record is.
pub(super) struct Head {
    /// The caller's id as it came; the answer carries it back.
    pub id: Arc<str>,
    /// The hospital if it is known; else empty, so that unknown ones are one group of the report.
    pub hospital_code: Arc<str>,
    /// The id for the store, which keeps no more than a sound id has.
    pub stored_id: Arc<str>,
    /// The hospital for the store, cut likewise.
    pub stored_hospital_code: Arc<str>,
}

impl Head {
    /// The record's row for the store.
    pub fn row(
        &self,
        index: u32,
        raw: Phi<Bytes>,
        issues: &Arc<[Issue]>,
        changes: Arc<[Change]>,
        attempts: u32,
        content: Content,
    ) -> Row {
        Row {
            index,
            record_id: Arc::clone(&self.stored_id),
            hospital_code: Arc::clone(&self.stored_hospital_code),
            raw,
            issues: Arc::clone(issues),
            changes,
            attempts,
            content,
        }
    }
}

/// The records of one hospital.
pub(super) struct Line {
    pub hospital: Arc<Hospital>,
    pub records: Vec<RawRecord>,
}

impl Intake {
    pub fn new(batch: RawBatch, svc: &ServiceContext) -> Self {
        let head = |record: &RawRecord| Head {
            id: Arc::clone(&record.id),
            hospital_code: known(&record.hospital_code, svc),
            stored_id: cut(&record.id),
            stored_hospital_code: cut(&record.hospital_code),
        };
        let heads = batch.records.iter().map(head).collect();
        let mut seen = HashSet::with_capacity(batch.records.len());
        let mut lines: HashMap<Arc<str>, Line> = HashMap::new();
        let mut rejected = Vec::new();
        for record in batch.records {
            let issues = objections(&record, svc, &mut seen);
            match svc.hospitals.get(&record.hospital_code) {
                Some(hospital) if issues.is_empty() => lines
                    .entry(Arc::clone(&record.hospital_code))
                    .or_insert_with(|| Line { hospital: Arc::clone(hospital), records: Vec::new() })
                    .records
                    .push(record),
                _ => rejected.push((record, issues)),
            }
        }
        let mut lines: Vec<_> = lines.into_values().collect();
        // The order of the batch, not of a hash: the first record decides whose turn is first.
        lines.sort_by_key(|line| line.records[0].index);
        Self { heads, lines, rejected }
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

fn objections(record: &RawRecord, svc: &ServiceContext, seen: &mut HashSet<Arc<str>>) -> Vec<Issue> {
    let mut issues = Vec::new();
    if record.id.is_empty() {
        issues.push(rules::RECORD_ID_MISSING.issue(None));
    } else if record.id.chars().count() > MAX_RECORD_ID {
        issues.push(rules::RECORD_ID_TOO_LONG.issue(None));
    } else if record.id.contains('\0') {
        issues.push(rules::RECORD_ID_HAS_NUL.issue(None));
    } else if !seen.insert(Arc::clone(&record.id)) {
        issues.push(rules::RECORD_ID_DUPLICATE.issue(None));
    }
    if !svc.hospitals.contains_key(&record.hospital_code) {
        issues.push(rules::HOSPITAL_UNKNOWN.issue(None));
    }
    if record.payload.size() > svc.limits.max_record_size {
        issues.push(rules::PAYLOAD_TOO_LARGE.issue(None));
    }
    issues
}
