//! How many records of a batch are where: what waits for the ledger looks at these, not at its slots.

use cleaning::outcome::{Outcome, OutcomeCounts};
use tokio::sync::Notify;

use crate::sync::atomic::{AtomicU32, Ordering};

/// The counters of one ledger.
#[derive(Default)]
pub(super) struct Counters {
    received: AtomicU32,
    /// Settled records by outcome.
    settled: [AtomicU32; Outcome::COUNT],
    unsettled: AtomicU32,
    /// Records that are Started or Writing.
    in_flight: AtomicU32,
    /// Notified whenever `unsettled` or `in_flight` falls to zero.
    quiet: Notify,
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Records that have come in.
    pub received: u32,
    /// Settled records by outcome.
    pub by_outcome: OutcomeCounts,
}

impl Progress {
    /// How many records are settled.
    pub fn settled(&self) -> u32 {
        self.by_outcome.total()
    }
}

impl Counters {
    pub(super) fn admitted(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
        self.unsettled.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn settled(&self, outcome: Outcome) {
        self.settled[outcome as usize].fetch_add(1, Ordering::Release);
        if self.unsettled.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.quiet.notify_waiters();
        }
    }

    pub(super) fn entered_flight(&self) {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn left_flight(&self) {
        if self.in_flight.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.quiet.notify_waiters();
        }
    }

    pub(super) fn unsettled(&self) -> u32 {
        self.unsettled.load(Ordering::Acquire)
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Acquire)
    }

    pub(super) fn progress(&self) -> Progress {
        // Settled first: a settled record was received before.
        let by_outcome =
            OutcomeCounts::from_fn(|outcome| self.settled[outcome as usize].load(Ordering::Acquire));
        Progress { received: self.received.load(Ordering::Relaxed), by_outcome }
    }

    pub(super) async fn wait_until(&self, reached: impl Fn(&Self) -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.quiet.notified());
            // Interest is registered before the look, so a change in between is not missed.
            changed.as_mut().enable();
            if reached(self) {
                return;
            }
            changed.await;
        }
    }
}
