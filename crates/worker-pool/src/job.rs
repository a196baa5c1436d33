//! One job, from its submission to its end, and how a panic in it is contained.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
};

use futures_util::FutureExt;

use crate::{gate::GatePermit, slots::SlotPermit, sync::atomic::AtomicBool};

/// What a job does.
pub(crate) type JobFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A job that waits: first in its lane, then in the channel to the workers.
pub(crate) struct Job {
    pub(crate) future: JobFuture,
    /// The slot that it occupies where it waits; a delayed job has none in its lane.
    pub(crate) slot: Option<SlotPermit>,
    /// Set once its batch has been stopped; the job is then dropped unrun.
    pub(crate) stopped: Arc<AtomicBool>,
}

/// A job in the channel to the workers, behind its gate.
pub(crate) struct Dispatched {
    pub(crate) job: Job,
    pub(crate) permit: GatePermit,
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Finished,
    Panicked,
}

impl Job {
    /// Moves the job to a slot of the channel, which frees its slot of the lane.
    pub(crate) fn dispatch(self, slot: SlotPermit, permit: GatePermit) -> Dispatched {
        Dispatched { job: Self { slot: Some(slot), ..self }, permit }
    }
}

/// Runs the job to its end and drops it. A panic in either is an [`Ending`] and goes no further.
pub(crate) async fn run(mut future: JobFuture) -> Ending {
    let returned = AssertUnwindSafe(future.as_mut()).catch_unwind().await;
    let finished = returned.is_ok();
    if drop_catching_panics(future) & drop_catching_panics(returned) & finished {
        Ending::Finished
    } else {
        Ending::Panicked
    }
}

/// Drops what belongs to a job; returns whether it did not panic.
///
/// The `Drop` of what a job holds is user code, and so is that of the payload of its panic.
pub(crate) fn drop_catching_panics<T>(value: T) -> bool {
    match catch_unwind(AssertUnwindSafe(move || drop(value))) {
        Ok(()) => true,
        Err(payload) => {
            // It may panic when dropped, as may the payload of that panic: leak this one.
            mem::forget(payload);
            false
        }
    }
}
