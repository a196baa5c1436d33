//! Chooses the next job whenever the channel to the workers has a free slot.

use std::sync::Arc;

use async_channel::Sender;
use tokio::time::{Instant, timeout_at};

use crate::{
    gate::GatePermit,
    job::{Dispatched, Job},
    scheduler::Next,
    shared::Shared,
    slots::Slots,
};

/// Dispatches jobs until the scheduler is closed and empty; the workers then find the channel closed.
///
/// First the slot, then the choice: a job chosen before there is a slot for it would be an early choice, and would
/// hold a permit of its gate while it waits.
pub(crate) async fn dispatch(shared: Arc<Shared>, ready: Sender<Dispatched>) {
    // As many slots as the channel has. A job keeps its slot until a worker takes it, so a slot in hand means that
    // the channel has room. The channel alone can only say whether it has room; it cannot reserve any.
    let slots = Slots::new(shared.queue);
    while let Ok(slot) = slots.take().await {
        let Some((job, permit)) = next_job(&shared).await else { return };
        if ready.try_send(job.dispatch(slot, permit)).is_err() {
            // No worker is left to run it: the runtime is being shut down.
            return;
        }
    }
}

/// Waits for a job whose gate is open; `None` once there will never be one again.
async fn next_job(shared: &Shared) -> Option<(Job, GatePermit)> {
    loop {
        let next = shared.scheduler().next(Instant::now());
        match next {
            Next::Job(job, permit) => return Some((job, permit)),
            Next::Nothing => shared.wake.notified().await,
            Next::NotBefore(moment) => {
                // Either way, there is something new to look at.
                let _ = timeout_at(moment, shared.wake.notified()).await;
            }
            Next::Drained => return None,
        }
    }
}
