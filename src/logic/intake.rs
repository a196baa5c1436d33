//! Records as they come in: what speaks against one before its hospital's profile is asked, and the rest in
//! one line per hospital, each with a feeder of its own.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use bytes::Bytes;
use tokio::{sync::mpsc, task::JoinSet};

use super::{
    feeder::{self, HospitalQueue, Queued},
    recent_ids::RecentIds,
    record_ref::{MAX_RECORD_ID, RecordRef},
    resend_guard::Checked,
    shared::BatchShared,
};
use crate::svc::{Hospital, ServiceContext};
use cleaning::{
    issue::Issue,
    phi::Phi,
    record::{Payload, RawRecord},
    rules,
};

/// The way into one batch.
pub(super) struct Intake<'c> {
    svc: &'c ServiceContext,
    batch: &'c Arc<BatchShared>,
    dispatch: &'c worker_pool::JobBatch,
    recent_ids: RecentIds,
    queues: HashMap<Arc<str>, mpsc::Sender<Queued>>,
    /// The lines' hospitals, in the order of their first records.
    hospitals: Vec<Arc<Hospital>>,
    /// Dropping them ends them.
    feeders: JoinSet<()>,
}

impl<'c> Intake<'c> {
    /// An intake that knows the ids of at least so many records back.
    pub(super) fn new(
        svc: &'c ServiceContext,
        batch: &'c Arc<BatchShared>,
        dispatch: &'c worker_pool::JobBatch,
        known_ids: usize,
    ) -> Self {
        Self {
            svc,
            batch,
            dispatch,
            recent_ids: RecentIds::over(known_ids),
            queues: HashMap::new(),
            hospitals: Vec::new(),
            feeders: JoinSet::new(),
        }
    }

    /// Gives a record its place in the ledger, and rejects it or puts it in its hospital's line. Never waits:
    /// a line has room for every record that has a place. What stands of an earlier sending is its outcome.
    pub(super) fn receive(&mut self, place: u32, record: RawRecord, checked: Option<Checked>) {
        let issues = self.objections(&record);
        let digest = checked.as_ref().map(|checked| checked.digest);
        let earlier = checked.and_then(|checked| checked.settlement);
        let ticket = self.batch.ledger.admit(place, RecordRef::of(&record, digest, self.svc));
        match (self.svc.hospitals.get(&record.hospital_code), earlier) {
            (Some(hospital), earlier) if issues.is_empty() => {
                // A feeder that has ended leaves the record to the closing of the batch.
                let _ = self.queue(hospital).try_send((ticket, record.payload, earlier));
            }
            (_, earlier) => {
                self.batch.rejects.judged();
                match earlier {
                    Some(earlier) => self.batch.settle_as_before(ticket, earlier),
                    None => self.batch.reject(ticket, self.kept(record.payload), issues),
                }
            }
        }
    }

    /// Notes that no further record comes: the feeders end with the last one they have.
    pub(super) fn end(&mut self) {
        self.queues.clear();
        self.batch.end_of_records();
    }

    /// Ends the feeders, wherever they are, and answers the hospitals that records came from.
    pub(super) async fn close(mut self) -> Vec<Arc<Hospital>> {
        self.feeders.shutdown().await;
        self.hospitals
    }

    fn queue(&mut self, hospital: &Arc<Hospital>) -> &mpsc::Sender<Queued> {
        match self.queues.entry(Arc::clone(&hospital.profile.code)) {
            Entry::Occupied(line) => line.into_mut(),
            Entry::Vacant(vacant) => {
                let (line, records) = mpsc::channel(self.batch.ledger.capacity());
                let lane = hospital
                    .verification
                    .as_ref()
                    .map(|api| Arc::new(self.dispatch.open_lane(Arc::clone(&api.gate))));
                let batch = Arc::clone(self.batch);
                self.feeders.spawn(feeder::clean_queue(
                    batch,
                    HospitalQueue { hospital: Arc::clone(hospital), records, lane },
                ));
                self.hospitals.push(Arc::clone(hospital));
                vacant.insert(line)
            }
        }
    }

    /// What is kept of a record that is rejected as it is: no more than a sound one may have, or a few large
    /// ones would take the memory of many.
    fn kept(&self, payload: Payload) -> Phi<Bytes> {
        let most = self.svc.limits.max_record_size;
        let raw = payload.into_raw();
        if raw.len() > most { Bytes::copy_from_slice(&raw[..most]).into() } else { raw }
    }

    fn objections(&mut self, record: &RawRecord) -> Vec<Issue> {
        let mut issues = Vec::new();
        if record.id.is_empty() {
            issues.push(rules::RECORD_ID_MISSING.issue(None));
        } else if record.id.chars().count() > MAX_RECORD_ID {
            issues.push(rules::RECORD_ID_TOO_LONG.issue(None));
        } else if record.id.contains('\0') {
            issues.push(rules::RECORD_ID_HAS_NUL.issue(None));
        } else if !self.recent_ids.insert(&record.id) {
            issues.push(rules::RECORD_ID_DUPLICATE.issue(None));
        }
        if !self.svc.hospitals.contains_key(&record.hospital_code) {
            issues.push(rules::HOSPITAL_UNKNOWN.issue(None));
        }
        if record.payload.size() > self.svc.limits.max_record_size {
            issues.push(rules::PAYLOAD_TOO_LARGE.issue(None));
        }
        issues
    }
}
