//! The second stage: one task cleans the records of one hospital within one batch, in index order, and hands them to
//! the pool. Back-pressure is the lane, which holds few records.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use cleaning::{
    clean::{Cleaned, clean_next},
    look_back::LookBack,
    outcome::Failure,
    record::Payload,
};
use tokio::{sync::mpsc, task::coop::consume_budget, time::Instant};
use worker_pool::Lane;

use super::verify::VerificationJob;
use crate::{
    logic::{
        batch::{BatchShared, CleanRecord},
        ledger::{Settlement, Ticket},
    },
    svc::Hospital,
};

/// One record that waits to be cleaned.
pub(super) struct QueuedRecord {
    pub ticket: Ticket,
    pub payload: Payload,
    /// How the previous run of the batch settled it, if that is final.
    pub previous: Option<Settlement>,
}

/// The records of one hospital within one batch, and where they go.
pub(super) struct HospitalQueue {
    pub hospital: Arc<Hospital>,
    /// In index order.
    pub records: mpsc::Receiver<QueuedRecord>,
    /// Absent where the hospital has no verification API.
    pub lane: Option<Arc<Lane>>,
}

/// Cleans the records of one hospital until no more can come. Ends early when the batch stops; the records that are
/// left stay Waiting in the ledger.
pub(super) async fn clean_queue(batch: Arc<BatchShared>, queue: HospitalQueue) {
    let HospitalQueue { hospital, mut records, lane } = queue;
    let mut look_back = LookBack::default();
    let mut tally = batch.cleaning_stats.tally(Arc::clone(&hospital.profile.code));
    while let Some(QueuedRecord { mut ticket, payload, previous }) = records.recv().await {
        consume_budget().await;
        if batch.stopped.is_cancelled() {
            return;
        }
        let started = Instant::now();
        // A panic leaves the look-back consistent: at worst it remembers a part of the record.
        let cleaned = catch_unwind(AssertUnwindSafe(|| {
            clean_next(&payload, &hospital.profile, batch.received_at, &mut look_back)
        }));
        batch.timings.clean.add(started.elapsed());
        let raw = payload.into_raw();
        let Ok(cleaned) = cleaned else {
            batch.fail_unstarted(ticket, Failure::Internal, &[]);
            continue;
        };
        tally.add(&cleaned);
        batch.rejects.count_judged();
        if let Some(previous) = previous {
            // Cleaned all the same: later records are compared with it, and the tally counts it.
            batch.settle_as_before(ticket, previous);
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
                let job =
                    VerificationJob::new(Arc::clone(&batch), Arc::clone(&hospital), Arc::clone(lane), record);
                if lane.submit(job.begin(ticket)).await.is_err() {
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
