//! The budget of request bytes in memory: bytes are counted as they arrive and given back when the call has been
//! answered. A request is refused at the byte that exceeds the budget, because its size is not known before.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tonic::Status;

use super::status::{self, Exhausted};
use crate::svc::InFlightBudget;

/// The budget of all calls together.
#[derive(Clone)]
pub(super) struct BytesInFlight {
    max: usize,
    taken: Arc<AtomicUsize>,
    /// Estimates when a refused caller may retry.
    in_flight_budget: Arc<InFlightBudget>,
}

/// The bytes of one call; given back when it is dropped.
pub(super) struct ByteLease {
    budget: BytesInFlight,
    bytes: AtomicUsize,
}

impl BytesInFlight {
    /// Creates a budget of `max` bytes.
    pub(super) fn new(max: usize, in_flight_budget: Arc<InFlightBudget>) -> Self {
        Self { max, taken: Arc::default(), in_flight_budget }
    }

    /// Starts an empty lease, for a call that begins.
    pub(super) fn lease(&self) -> Arc<ByteLease> {
        Arc::new(ByteLease { budget: self.clone(), bytes: AtomicUsize::new(0) })
    }
}

impl ByteLease {
    /// Adds bytes to the lease, if the budget allows it.
    pub(super) fn take(&self, bytes: usize) -> Result<(), Status> {
        let budget = &self.budget;
        let add = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= budget.max);
        if budget.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_err() {
            return Err(status::exhausted(
                Exhausted::Bytes(budget.max),
                budget.in_flight_budget.soonest_end(),
            ));
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for ByteLease {
    fn drop(&mut self) {
        self.budget.taken.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_takes_comes_back_with_its_end() {
        let budget = BytesInFlight::new(100, InFlightBudget::new(1));
        let (one, other) = (budget.lease(), budget.lease());
        one.take(60).unwrap();
        other.take(40).unwrap();
        let refused = other.take(1).unwrap_err();
        assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
        assert!(refused.message().contains("max_bytes_in_flight"));
        drop(one);
        other.take(60).unwrap();
        drop(other);
        assert_eq!(budget.taken.load(Ordering::Relaxed), 0);
    }
}
