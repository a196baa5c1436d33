//! Admission of batches at the headers: a permit is taken before the upload starts, because admission after it
//! would bound neither memory nor the time to decode.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Request, Status, service::Interceptor};

use super::{
    calls::CallInfo,
    methods::MethodKind,
    status::{self, Exhausted},
};
use crate::svc::InFlightBudget;

/// The permits for batches of the process.
#[derive(Clone)]
pub struct Admission {
    permits: Arc<Semaphore>,
    max_batches: usize,
    closed: Arc<AtomicBool>,
    /// Estimates when a refused caller may retry.
    in_flight_budget: Arc<InFlightBudget>,
}

/// The permit of one batch; returned when the last clone is dropped.
#[derive(Clone)]
pub(super) struct BatchPermit(#[expect(dead_code, reason = "held for its drop")] Arc<OwnedSemaphorePermit>);

impl Admission {
    /// Creates `max_batches` permits.
    pub fn new(max_batches: usize, in_flight_budget: Arc<InFlightBudget>) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(max_batches)),
            max_batches,
            closed: Arc::default(),
            in_flight_budget,
        }
    }

    /// Refuses every batch from now on, because the process is shutting down.
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
        if !request.extensions().get::<CallInfo>().is_some_and(|call| call.kind == MethodKind::Read) {
            request.extensions_mut().insert(self.admit()?);
        }
        Ok(request)
    }
}
