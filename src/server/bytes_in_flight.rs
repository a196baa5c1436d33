//! The bytes of requests that the process has in hand: counted as they come in, given back when the call has been
//! answered. A call that would take more than there may be is refused at that byte: its size is not known before.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body};

use super::status::{self, Exhausted};
use crate::svc::InFlightBudget;

/// The bytes of all calls together.
#[derive(Clone)]
pub(super) struct BytesInFlight {
    max: usize,
    taken: Arc<AtomicUsize>,
    /// Knows when there may be room again.
    in_flight_budget: Arc<InFlightBudget>,
}

/// The bytes of one call; given back when it is dropped.
pub(super) struct ByteLease {
    of: BytesInFlight,
    bytes: AtomicUsize,
}

/// The body of a request whose bytes are counted.
pub(super) struct MeteredBody {
    pub body: Body,
    pub taken: Arc<ByteLease>,
}

impl BytesInFlight {
    /// Creates a budget of `max` bytes.
    pub(super) fn new(max: usize, in_flight_budget: Arc<InFlightBudget>) -> Self {
        Self { max, taken: Arc::default(), in_flight_budget }
    }

    /// Nothing, for a call that begins.
    pub(super) fn lease(&self) -> Arc<ByteLease> {
        Arc::new(ByteLease { of: self.clone(), bytes: AtomicUsize::new(0) })
    }
}

impl ByteLease {
    fn take(&self, bytes: usize) -> Result<(), Status> {
        let of = &self.of;
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= of.max);
        if of.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_err() {
            return Err(status::exhausted(Exhausted::Bytes(of.max), of.in_flight_budget.soonest_end()));
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for ByteLease {
    fn drop(&mut self) {
        self.of.taken.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

impl http_body::Body for MeteredBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
            && let Err(refused) = self.taken.take(data.len())
        {
            return Poll::Ready(Some(Err(refused)));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_takes_comes_back_with_its_end() {
        let all = BytesInFlight::new(100, InFlightBudget::new(1));
        let (one, other) = (all.lease(), all.lease());
        one.take(60).unwrap();
        other.take(40).unwrap();
        let refused = other.take(1).unwrap_err();
        assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
        assert!(refused.message().contains("max_bytes_in_flight"));
        drop(one);
        other.take(60).unwrap();
        drop(other);
        assert_eq!(all.taken.load(Ordering::Relaxed), 0);
    }
}
