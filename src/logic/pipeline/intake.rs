//! The first stage: records as they come in. What speaks against a record before the profile of its hospital is
//! asked rejects it; the others go into one queue per hospital, each with a cleaning task of its own.

mod recent_ids;

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use bytes::Bytes;
use cleaning::{
    issue::Issue,
    phi::Phi,
    record::{Payload, RawRecord},
    rules,
};
use tokio::{sync::mpsc, task::JoinSet};
use worker_pool::JobBatch;

use self::recent_ids::RecentIds;
use super::clean::{HospitalQueue, QueuedRecord, clean_queue};
use crate::{
    logic::{
        batch::{BatchShared, CheckedRecord},
        ledger::{MAX_RECORD_ID, RecordRef},
    },
    svc::{Hospital, ServiceContext},
};

pub(crate) use self::recent_ids::WINDOW as ID_WINDOW;

/// The way into one batch.
pub(crate) struct Intake<'r> {
    svc: &'r ServiceContext,
    batch: &'r Arc<BatchShared>,
    jobs: &'r JobBatch,
    recent_ids: RecentIds,
    queues: HashMap<Arc<str>, mpsc::Sender<QueuedRecord>>,
    /// The hospitals of the queues, in the order of their first records.
    hospitals: Vec<Arc<Hospital>>,
    /// Dropping them ends them.
    cleaning_tasks: JoinSet<()>,
}

impl<'r> Intake<'r> {
    /// An intake that finds duplicates among at least the last `known_ids` ids.
    pub(crate) fn new(
        svc: &'r ServiceContext,
        batch: &'r Arc<BatchShared>,
        jobs: &'r JobBatch,
        known_ids: usize,
    ) -> Self {
        Self {
            svc,
            batch,
            jobs,
            recent_ids: RecentIds::new(known_ids),
            queues: HashMap::new(),
            hospitals: Vec::new(),
            cleaning_tasks: JoinSet::new(),
        }
    }

    /// Gives a record its slot in the ledger, and rejects it or puts it in the queue of its hospital. Never waits,
    /// because a queue has room for every record that has a slot. A final outcome of a previous run is reused.
    pub(crate) fn receive(&mut self, slot: u32, record: RawRecord, checked: Option<CheckedRecord>) {
        let issues = self.objections(&record);
        let (digest, previous) = match checked {
            Some(CheckedRecord { digest, previous }) => (Some(digest), previous),
            None => (None, None),
        };
        let hospital = self.svc.hospitals.get(&record.hospital_code);
        let code = hospital.map(|hospital| &hospital.profile.code);
        let ticket = self.batch.ledger.admit(slot, RecordRef::new(&record, code, digest));
        if let (Some(hospital), []) = (hospital, &*issues) {
            // A cleaning task that has ended leaves the record to the closing of the batch.
            let queued = QueuedRecord { ticket, payload: record.payload, previous };
            let _ = self.queue(hospital).try_send(queued);
            return;
        }
        self.batch.rejects.count_judged();
        match previous {
            Some(previous) => self.batch.settle_as_before(ticket, previous),
            None => self.batch.reject(ticket, self.truncated(record.payload), issues),
        }
    }

    /// Records that no further record comes: each cleaning task ends with the last record in its queue.
    pub(crate) fn end(&mut self) {
        self.queues.clear();
        self.batch.mark_all_received();
    }

    /// Ends the cleaning tasks, wherever they are, and returns the hospitals that records came from.
    pub(crate) async fn close(mut self) -> Vec<Arc<Hospital>> {
        self.cleaning_tasks.shutdown().await;
        self.hospitals
    }

    fn queue(&mut self, hospital: &Arc<Hospital>) -> &mpsc::Sender<QueuedRecord> {
        match self.queues.entry(Arc::clone(&hospital.profile.code)) {
            Entry::Occupied(queue) => queue.into_mut(),
            Entry::Vacant(vacant) => {
                let (sender, records) = mpsc::channel(self.batch.ledger.capacity());
                let api = hospital.verification.as_ref();
                let lane = api.map(|api| Arc::new(self.jobs.open_lane(Arc::clone(&api.gate))));
                let queue = HospitalQueue { hospital: Arc::clone(hospital), records, lane };
                self.cleaning_tasks.spawn(clean_queue(Arc::clone(self.batch), queue));
                self.hospitals.push(Arc::clone(hospital));
                vacant.insert(sender)
            }
        }
    }

    /// What is kept of a record that is rejected here: no more than a valid one may have, or a few large records
    /// would take the memory of many.
    fn truncated(&self, payload: Payload) -> Phi<Bytes> {
        let max = self.svc.limits.max_record_size;
        let raw = payload.into_raw();
        if raw.len() > max { Bytes::copy_from_slice(&raw[..max]).into() } else { raw }
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
