//! One job, from its submission to its end, and how a panic in it is kept from its surroundings.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures_util::FutureExt;

use super::gate::GatePermit;
use super::slots::SlotPermit;

/// What a job does.
pub(super) type JobFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A job that waits: first in its lane, then in the channel to the workers.
pub(super) struct Job {
    pub(super) work: JobFuture,
    /// The slot that it occupies where it waits; one that was put off has none in its lane.
    pub(super) slot: Option<SlotPermit>,
    /// Set once its batch has been stopped, when it need not be run any more.
    pub(super) stopped: Arc<AtomicBool>,
}

/// A job on its way to a worker, behind its gate.
pub(super) struct Dispatched {
    pub(super) job: Job,
    pub(super) permit: GatePermit,
}

/// How the work of a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Finished,
    Panicked,
}

impl Job {
    /// Moves the job to `slot` in the channel, which frees its slot in the lane.
    pub(super) fn dispatch(self, slot: SlotPermit, permit: GatePermit) -> Dispatched {
        Dispatched { job: Job { slot: Some(slot), ..self }, permit }
    }
}

/// Runs the work to its end and drops it. A panic in either is an [`Ending`] and goes no further.
pub(super) async fn run(mut work: JobFuture) -> Ending {
    let returned = AssertUnwindSafe(work.as_mut()).catch_unwind().await;
    let finished = returned.is_ok();
    if drop_catching_panics(work) & drop_catching_panics(returned) & finished {
        Ending::Finished
    } else {
        Ending::Panicked
    }
}

/// Drops what belongs to a job; whether that went without a panic.
///
/// `Drop` of what a job holds is the job's own code as well, and so is that of the payload of its panic.
pub(super) fn drop_catching_panics<T>(value: T) -> bool {
    match catch_unwind(AssertUnwindSafe(move || drop(value))) {
        Ok(()) => true,
        Err(payload) => {
            // It may panic when dropped, and so on for ever: leak this one.
            mem::forget(payload);
            false
        }
    }
}
