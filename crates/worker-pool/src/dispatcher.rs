//! Chooses the next job whenever the channel to the workers has room.

use std::sync::Arc;

use async_channel::Sender;
use tokio::time::{Instant, timeout_at};

use super::gate::GatePermit;
use super::job::{Dispatched, Job};
use super::scheduler::Next;
use super::shared::Shared;
use super::slots::Slots;

/// Dispatches jobs until the scheduler is closed and empty; the workers then find the channel closed.
///
/// First the room, then the choice: a job chosen before there is room for it would be the choice of then,
/// and would hold a permit of its gate while it waits.
pub(super) async fn dispatch(shared: Arc<Shared>, ready: Sender<Dispatched>) {
    // As many slots as the channel has. Jobs carry theirs until a worker takes them, so one who has a
    // slot finds room in the channel. The channel alone could only say whether it has room, not keep it.
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
                // Whichever comes first, there is something to look at again.
                let _ = timeout_at(moment, shared.wake.notified()).await;
            }
            Next::Drained => return None,
        }
    }
}
