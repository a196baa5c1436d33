//! Admission of batches, at the headers: a place is taken before the upload starts, for admission after it
//! would bound neither memory nor the time to decode.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Request, Status, service::Interceptor};

use super::{
    calls::CallInfo,
    status::{self, Exhausted},
};
use crate::svc::InFlightBudget;

/// The process's places for batches.
#[derive(Clone)]
pub struct Admission {
    permits: Arc<Semaphore>,
    max_batches: usize,
    closed: Arc<AtomicBool>,
    /// Knows when there may be room again.
    in_flight_budget: Arc<InFlightBudget>,
}

/// One batch's place; free again when the last clone is dropped.
#[derive(Clone)]
pub(super) struct BatchPermit(#[expect(dead_code, reason = "held for its drop")] Arc<OwnedSemaphorePermit>);

impl Admission {
    /// `max_batches` free places.
    pub fn new(max_batches: usize, in_flight_budget: Arc<InFlightBudget>) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(max_batches)),
            max_batches,
            closed: Arc::default(),
            in_flight_budget,
        }
    }

    /// Refuses every batch from now on, because the process is ending.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    fn admit(&self) -> Result<BatchPermit, Status> {
        if self.closed.load(Ordering::Acquire) {
            return Err(status::draining());
        }
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        let permit = permit.map_err(|_| {
            status::exhausted(Exhausted::Batches(self.max_batches), self.in_flight_budget.soonest_end())
        })?;
        Ok(BatchPermit(Arc::new(permit)))
    }
}

impl Interceptor for Admission {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if !request.extensions().get::<CallInfo>().is_some_and(|call| call.reads) {
            request.extensions_mut().insert(self.admit()?);
        }
        Ok(request)
    }
}
