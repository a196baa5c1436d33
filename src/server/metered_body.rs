//! The bodies of a call's request and response: bytes of the request are counted, and the call counts as running
//! until its response is sent or dropped.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio_util::task::task_tracker::TaskTrackerToken;
use tonic::{Status, body::Body};

use super::bytes_in_flight::ByteLease;

/// A body with what its call holds.
pub(super) struct MeteredBody {
    body: Body,
    lease: Arc<ByteLease>,
    /// Absent on the request, whose bytes are counted.
    running: Option<TaskTrackerToken>,
}

impl MeteredBody {
    /// The body of a request: its bytes are counted as they arrive.
    pub(super) fn request(body: Body, lease: Arc<ByteLease>) -> Body {
        Body::new(Self { body, lease, running: None })
    }

    /// The body of a response: it holds the request's bytes and the call's token until it is dropped.
    pub(super) fn response(body: Body, lease: Arc<ByteLease>, running: TaskTrackerToken) -> Body {
        Body::new(Self { body, lease, running: Some(running) })
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
        if self.running.is_none()
            && let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
            && let Err(refused) = self.lease.take(data.len())
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
