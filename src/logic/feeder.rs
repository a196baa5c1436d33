//! A feeder cleans the records of one hospital within one batch, in index order, and hands them to the
//! pool; back-pressure is the lane, which holds few.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tokio::time::Instant;

use super::{
    intake::Line,
    running::{CleanRecord, RunningBatch},
    verification,
};
use crate::{
    domain::{
        clean::{Cleaned, clean_next},
        look_back::LookBack,
    },
    pool::Lane,
};

/// How many records are cleaned before other tasks get a turn: about a millisecond of work.
const RECORDS_PER_TURN: usize = 64;

/// Feeds one hospital's records. `lane` is absent where the hospital has no verification API. Ends early
/// when the batch stops; what was not fed stays Waiting in the ledger.
pub(super) async fn feed(batch: Arc<RunningBatch>, line: Line, lane: Option<Lane>) {
    let Line { hospital, records } = line;
    let mut look_back = LookBack::default();
    let mut counting = batch.tallies.counting(Arc::clone(&hospital.profile.code));
    for (place, record) in records.into_iter().enumerate() {
        if place % RECORDS_PER_TURN == RECORDS_PER_TURN - 1 {
            tokio::task::yield_now().await;
        }
        if batch.stopped.is_cancelled() {
            return;
        }
        let mut ticket = batch.ledger.ticket(record.index);
        let started = Instant::now();
        // A panic leaves the look-back sound: at worst it remembers a part of the record.
        let cleaned = catch_unwind(AssertUnwindSafe(|| {
            clean_next(&record.payload, &hospital.profile, batch.received_at, &mut look_back)
        }));
        batch.timings.clean.add(started.elapsed());
        let raw = record.payload.into_raw();
        let Ok(cleaned) = cleaned else {
            batch.fail_unstarted(ticket);
            continue;
        };
        counting.add(&cleaned);
        let Cleaned { patient, issues, changes, .. } = cleaned;
        let Some(patient) = patient else {
            batch.reject(ticket, raw, issues);
            continue;
        };
        let record = CleanRecord { patient, raw, warnings: issues, changes: changes.into() };
        match &lane {
            Some(lane) => {
                ticket.restamp();
                let job = verification::verify(Arc::clone(&batch), Arc::clone(&hospital), ticket, record);
                if lane.submit(job).await.is_err() {
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
