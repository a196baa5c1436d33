//! The two ends of a streamed batch's window: where records find a free slot, and where their results go out.

use std::sync::Weak;

use tokio::sync::mpsc;

use super::{Ledger, counters::Progress, settlement::RecordResult};

/// The free slots of a window.
pub struct FreeSlots(mpsc::Receiver<u32>);

/// Where the results of a window go out. Closing or dropping it tells the batch that its consumer has gone.
pub struct ResultStream {
    /// Weak, so that a peer that does not read keeps nothing that the batch has let go.
    pub(super) ledger: Weak<Ledger>,
    pub(super) settled: mpsc::Receiver<u32>,
    pub(super) free: mpsc::Sender<u32>,
}

impl FreeSlots {
    /// A window of free slots, and the sender that returns them.
    pub(super) fn new(window: u32) -> (Self, mpsc::Sender<u32>) {
        let (free, slots) = mpsc::channel(window as usize);
        for slot in 0..window {
            free.try_send(slot).expect("the channel holds the whole window");
        }
        (Self(slots), free)
    }

    /// Waits for a free slot; `None` if there is none and the consumer of the results has gone.
    pub async fn take(&mut self) -> Option<u32> {
        self.0.recv().await
    }
}

impl ResultStream {
    /// Waits for results and takes at most `max`, which frees their slots. Empty once the batch is gone. Cancel safe.
    pub async fn next(&mut self, max: usize) -> Vec<RecordResult> {
        let mut slots = Vec::new();
        self.settled.recv_many(&mut slots, max).await;
        self.take(&slots)
    }

    /// Takes at most `max` of the results that are there, without waiting.
    pub fn take_ready(&mut self, max: usize) -> Vec<RecordResult> {
        let slots: Vec<_> = std::iter::from_fn(|| self.settled.try_recv().ok()).take(max).collect();
        self.take(&slots)
    }

    /// Tells the batch that no further result is wanted.
    pub fn close(&mut self) {
        self.settled.close();
    }

    /// How far the batch is; `None` once it is gone.
    pub fn progress(&self) -> Option<Progress> {
        self.ledger.upgrade().map(|ledger| ledger.progress())
    }

    fn take(&self, slots: &[u32]) -> Vec<RecordResult> {
        let Some(ledger) = self.ledger.upgrade() else { return Vec::new() };
        let results = ledger.take(slots);
        for slot in slots {
            // The receiver is gone once no further record is read.
            let _ = self.free.try_send(*slot);
        }
        results
    }
}
