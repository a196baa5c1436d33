//! The layer around every call. It stamps the deadline when the headers arrive, counts the call as running until its
//! response is sent, and answers a request that tonic could not read with the caller's error.

use std::{
    convert::Infallible,
    future::ready,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;
use tonic::{Status, body::Body};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    bytes_in_flight::BytesInFlight, config::ServerConfig, grpc_timeout::requested_timeout,
    metered_body::MeteredBody, methods::MethodKind, status,
};

/// How much earlier than tonic's own timer a call is ended, so that the caller reads DEADLINE_EXCEEDED instead of
/// tonic's CANCELLED.
const TONIC_TIMER_MARGIN: Duration = Duration::from_millis(20);

/// One call of the service, for its handler.
#[derive(Clone, Debug)]
pub(super) struct CallInfo {
    pub kind: MethodKind,
    /// When the headers arrived.
    pub arrived_at: Instant,
    /// The caller's deadline or the server's limit, whichever is earlier.
    pub deadline: Instant,
    reached: Arc<AtomicBool>,
}

impl CallInfo {
    /// Records that the request could be read.
    pub(super) fn mark_reached(&self) {
        self.reached.store(true, Ordering::Release);
    }

    fn is_reached(&self) -> bool {
        self.reached.load(Ordering::Acquire)
    }
}

/// Wraps all services in [`CallService`].
#[derive(Clone)]
pub(super) struct CallLayer {
    pub config: Arc<ServerConfig>,
    /// Counts running calls.
    pub running: TaskTracker,
    /// Counts the bytes of their requests.
    pub bytes: BytesInFlight,
}

impl<S> Layer<S> for CallLayer {
    type Service = CallService<S>;

    fn layer(&self, inner: S) -> CallService<S> {
        CallService { inner, layer: self.clone() }
    }
}

impl CallLayer {
    fn time_limit(&self, kind: MethodKind) -> Duration {
        match kind {
            MethodKind::BatchStream => self.config.stream_timeout,
            MethodKind::Batch | MethodKind::Read => self.config.timeout,
        }
    }

    fn begin(&self, kind: MethodKind, requested_timeout: Option<Duration>) -> CallInfo {
        let arrived_at = Instant::now();
        let limit = self.time_limit(kind);
        let deadline = arrived_at + requested_timeout.unwrap_or(limit).min(limit);
        CallInfo { kind, arrived_at, deadline, reached: Arc::default() }
    }
}

/// The service inside of [`CallLayer`].
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
        let Ok(requested) = requested_timeout(request.headers()) else {
            return Box::pin(ready(Ok(malformed_timeout().into_http())));
        };
        // The service that was polled ready is the one to call; a clone takes its place.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let Some(kind) = MethodKind::at_path(request.uri().path()) else {
            return Box::pin(inner.call(request));
        };
        let info = self.layer.begin(kind, requested);
        request.extensions_mut().insert(info.clone());
        let running = self.layer.running.token();
        let lease = self.layer.bytes.lease();
        // A stream's memory is bounded by its window.
        if kind != MethodKind::BatchStream {
            request = request.map(|body| MeteredBody::request(body, Arc::clone(&lease)));
        }
        let max_message_size = self.layer.config.max_message_size;
        Box::pin(async move {
            let last_moment = answer_deadline(info.arrived_at, info.deadline);
            let mut response = match timeout_at(last_moment, inner.call(request)).await {
                Ok(response) => response?,
                Err(_elapsed) => status::deadline_exceeded().into_http(),
            };
            if !info.is_reached() {
                response = as_caller_error(response, max_message_size);
            }
            Ok(response.map(|body| MeteredBody::response(body, lease, running)))
        })
    }
}

/// The last moment at which a call can be answered.
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

/// Replaces the status of a call whose handler was not reached: tonic could not read its message.
fn as_caller_error(response: Response<Body>, max_message_size: usize) -> Response<Body> {
    let status = response.extensions().get::<Status>();
    match status.and_then(|status| status::unreadable(status, max_message_size)) {
        Some(caller_error) => caller_error.into_http(),
        None => response,
    }
}
