//! A feeder cleans the records of one hospital within one batch, in index order, and hands them to the
//! pool; back-pressure is the lane, which holds few.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tokio::{sync::mpsc, time::Instant};

use super::{
    ledger::{Settlement, Ticket},
    shared::{BatchShared, CleanRecord},
    verification::VerificationJob,
};
use crate::svc::Hospital;
use cleaning::{
    clean::{Cleaned, clean_next},
    look_back::LookBack,
    outcome::Failure,
    record::Payload,
};
use worker_pool::Lane;

/// How many records are cleaned before other tasks get a turn: about a millisecond of work.
pub(super) const RECORDS_PER_TURN: u32 = 64;

/// One record in line to be cleaned, and how it ended when it was sent before, if that stands.
pub(super) type Queued = (Ticket, Payload, Option<Settlement>);

/// The records of one hospital within one batch, and where they go.
pub(super) struct HospitalQueue {
    pub hospital: Arc<Hospital>,
    /// In index order.
    pub records: mpsc::Receiver<Queued>,
    /// Absent where the hospital has no verification API.
    pub lane: Option<Arc<Lane>>,
}

/// Feeds one hospital's records until no more can come. Ends early when the batch stops; what was not fed
/// stays Waiting in the ledger.
pub(super) async fn clean_queue(batch: Arc<BatchShared>, line: HospitalQueue) {
    let HospitalQueue { hospital, mut records, lane } = line;
    let mut place = 0u32;
    let mut look_back = LookBack::default();
    let mut counting = batch.tallies.counting(Arc::clone(&hospital.profile.code));
    while let Some((mut ticket, payload, earlier)) = records.recv().await {
        place = place.wrapping_add(1);
        if place.is_multiple_of(RECORDS_PER_TURN) {
            tokio::task::yield_now().await;
        }
        if batch.stopped.is_cancelled() {
            return;
        }
        let started = Instant::now();
        // A panic leaves the look-back sound: at worst it remembers a part of the record.
        let cleaned = catch_unwind(AssertUnwindSafe(|| {
            clean_next(&payload, &hospital.profile, batch.received_at, &mut look_back)
        }));
        batch.timings.clean.add(started.elapsed());
        let raw = payload.into_raw();
        let Ok(cleaned) = cleaned else {
            batch.fail_unstarted(ticket, Failure::Internal, &[]);
            continue;
        };
        counting.add(&cleaned);
        batch.rejects.judged();
        if let Some(earlier) = earlier {
            // Cleaned all the same: later records are compared with it, and the tally counts it.
            batch.settle_as_before(ticket, earlier);
            continue;
        }
        let Cleaned { patient, issues, changes, .. } = cleaned;
        let Some(patient) = patient else {
            batch.reject(ticket, raw, issues);
            continue;
        };
        let record = CleanRecord { patient, raw, warnings: issues, changes: changes.into() };
        match &lane {
            Some(lane) => {
                ticket.restart_wait_clock();
                let asking =
                    VerificationJob::new(Arc::clone(&batch), Arc::clone(&hospital), Arc::clone(lane), record);
                if lane.submit(asking.begin(ticket)).await.is_err() {
                    return;
                }
            }
            None => {
                if let Some(attempt) = ticket.begin() {
                    batch.conclude(attempt, record);
                }
            }
        }
    }
}
