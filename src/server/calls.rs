//! What surrounds every call: the deadline is stamped when the headers arrive, a request that tonic could
//! not read is the caller's fault and says so, a panic answers INTERNAL, and a call counts as running until
//! its answer has left.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use tokio::time::Instant;
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};
use tonic::{Status, body::Body};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    bytes_in_flight::{ByteLease, BytesInFlight, MeteredBody},
    deadline::requested_timeout,
    status,
};

/// How much earlier than tonic's own timer ours ends a call, so that the caller reads DEADLINE_EXCEEDED and
/// not tonic's CANCELLED.
const TONIC_TIMER_MARGIN: Duration = Duration::from_millis(20);

/// The moments of one call, and whether its handler was reached.
#[derive(Clone, Debug)]
pub(super) struct CallInfo {
    /// When the headers arrived.
    pub arrived_at: Instant,
    /// The caller's deadline or the server's limit, whichever is earlier.
    pub deadline: Instant,
    /// Whether the call only reads the books, and needs no place of a batch.
    pub reads: bool,
    reached: Arc<AtomicBool>,
}

impl CallInfo {
    /// Notes that the request could be read.
    pub(super) fn mark_reached(&self) {
        self.reached.store(true, Ordering::Release);
    }
}

/// Wraps all services in [`Calls`].
#[derive(Clone)]
pub(super) struct CallLayer {
    /// Longest time of one call.
    pub timeout: Duration,
    /// The path of the call that brings its batch as a stream.
    pub stream: &'static str,
    /// The paths of the calls that only read the books.
    pub reads: [&'static str; 2],
    /// Longest time of that one.
    pub stream_timeout: Duration,
    /// Largest request, for the text that names it.
    pub max_message_size: usize,
    /// Paths that start so are counted as running.
    pub counted: &'static str,
    /// Counts running calls.
    pub running: TaskTracker,
    /// Counts their bytes.
    pub bytes: BytesInFlight,
}

impl<S> Layer<S> for CallLayer {
    type Service = CallService<S>;

    fn layer(&self, inner: S) -> CallService<S> {
        CallService { inner, layer: self.clone() }
    }
}

/// See the module.
#[derive(Clone)]
pub(super) struct CallService<S> {
    inner: S,
    layer: CallLayer,
}

impl<S> Service<Request<Body>> for CallService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let arrived_at = Instant::now();
        let is_stream = request.uri().path() == self.layer.stream;
        let limit = if is_stream { self.layer.stream_timeout } else { self.layer.timeout };
        let timeout = match requested_timeout(request.headers()) {
            Ok(requested) => requested.unwrap_or(limit).min(limit),
            Err(_malformed) => return Box::pin(std::future::ready(Ok(malformed_timeout().into_http()))),
        };
        let deadline = arrived_at + timeout;
        let reached = Arc::new(AtomicBool::new(false));
        let reads = self.layer.reads.contains(&request.uri().path());
        request.extensions_mut().insert(CallInfo {
            arrived_at,
            deadline,
            reads,
            reached: Arc::clone(&reached),
        });
        let running =
            request.uri().path().starts_with(self.layer.counted).then(|| self.layer.running.token());
        let max_message_size = self.layer.max_message_size;
        // The service that was polled ready is the one to call; a clone takes its place.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let bytes = self.layer.bytes.lease();
        Box::pin(async move {
            let Some(running) = running else {
                return inner.call(request).await;
            };
            // What a stream has in hand is bounded by its window.
            if !is_stream {
                let taken = Arc::clone(&bytes);
                request = request.map(|body| Body::new(MeteredBody { body, taken }));
            }
            let response =
                match tokio::time::timeout_at(answer_deadline(arrived_at, deadline), inner.call(request))
                    .await
                {
                    Ok(response) => response?,
                    Err(_elapsed) => status::deadline_exceeded().into_http(),
                };
            let response = if reached.load(Ordering::Acquire) {
                response
            } else {
                as_caller_error(response, max_message_size)
            };
            Ok(response.map(|body| Body::new(CountedBody { body, _running: running, _bytes: bytes })))
        })
    }
}

/// The last moment for an answer to a call.
pub(super) fn answer_deadline(arrived_at: Instant, deadline: Instant) -> Instant {
    deadline.checked_sub(TONIC_TIMER_MARGIN).map_or(arrived_at, |moment| moment.max(arrived_at))
}

fn malformed_timeout() -> Status {
    status::invalid(
        "MALFORMED_TIMEOUT",
        "grpc-timeout",
        "grpc-timeout must be 1 to 8 digits and one of the units H, M, S, m, u, n",
    )
}

/// Where no handler was reached, tonic could not read the message.
fn as_caller_error(response: Response<Body>, max_message_size: usize) -> Response<Body> {
    let status = response.extensions().get::<Status>();
    match status.and_then(|status| status::of_unreadable(status, max_message_size)) {
        Some(named) => named.into_http(),
        None => response,
    }
}

/// A response's body; its call counts as running until the body is sent or dropped.
struct CountedBody {
    body: Body,
    _running: TaskTrackerToken,
    _bytes: Arc<ByteLease>,
}

impl http_body::Body for CountedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
