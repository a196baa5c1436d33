//! The two ends of a streamed batch's window: where records find a free place, and where their results go out.

use cleaning::outcome::OutcomeCounts;
use std::sync::Weak;

use tokio::sync::mpsc;

use super::Ledger;
use crate::logic::report::RecordResult;

/// The free places of a window.
pub struct FreeSlots(mpsc::Receiver<u32>);

/// Where the results of a window go out. Closing or dropping it tells the batch that nobody listens any more.
pub struct ResultStream {
    /// Weak, for a peer that does not read must not keep what the batch has let go.
    pub(super) ledger: Weak<Ledger>,
    pub(super) settled: mpsc::Receiver<u32>,
    pub(super) free: mpsc::Sender<u32>,
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Records that have come in.
    pub received: u32,
    /// Records that are settled.
    pub by_outcome: OutcomeCounts,
}

impl Progress {
    /// How many records are settled.
    pub fn settled(&self) -> u32 {
        self.by_outcome.total()
    }
}

impl FreeSlots {
    /// A window of free places, and where they come back to.
    pub(super) fn of(window: u32) -> (Self, mpsc::Sender<u32>) {
        let (free, places) = mpsc::channel(window as usize);
        for place in 0..window {
            free.try_send(place).expect("the channel holds the whole window");
        }
        (Self(places), free)
    }

    /// Waits for a free place; `None` if there is none and nobody is left to take results.
    pub async fn take(&mut self) -> Option<u32> {
        self.0.recv().await
    }
}

impl ResultStream {
    /// Waits for results and takes at most so many; each frees its place. None once the batch is gone.
    /// Cancel safe.
    pub async fn next(&mut self, most: usize) -> Vec<RecordResult> {
        let mut places = Vec::new();
        self.settled.recv_many(&mut places, most).await;
        self.take(&places)
    }

    /// Takes at most so many of the results that are there.
    pub fn now(&mut self, most: usize) -> Vec<RecordResult> {
        let places: Vec<_> = std::iter::from_fn(|| self.settled.try_recv().ok()).take(most).collect();
        self.take(&places)
    }

    /// Tells the batch that no further result is wanted.
    pub fn close(&mut self) {
        self.settled.close();
    }

    /// How far the batch is; `None` once it is gone.
    pub fn progress(&self) -> Option<Progress> {
        self.ledger.upgrade().map(|ledger| ledger.progress())
    }

    fn take(&self, places: &[u32]) -> Vec<RecordResult> {
        let Some(ledger) = self.ledger.upgrade() else { return Vec::new() };
        let results = ledger.take(places);
        for place in places {
            // The other end goes when no further record is read.
            let _ = self.free.try_send(*place);
        }
        results
    }
}
