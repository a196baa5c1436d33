//! gRPC: the calls (decode, call the logic, encode), what surrounds them, health and reflection. The only
//! place that sees the wire types and `tonic::Status`.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tonic::{
    codec::CompressionEncoding,
    service::interceptor::InterceptedService,
    transport::{
        self,
        server::{Router, TcpIncoming},
    },
};
use tower_http::catch_panic::CatchPanicLayer;
use tower_layer::Stack;

pub use admission::Admission;
pub use config::{DrainConfig, ServerConfig};
pub use readiness::Readiness;

use crate::svc::ServiceContext;
use bytes_in_flight::BytesInFlight;
use calls::CallLayer;
use data_processing::DataProcessingService;
use pb::data_processing_server::DataProcessingServer;

mod admission;
mod bytes_in_flight;
mod calls;
mod codec;
mod config;
mod data_processing;
mod deadline;
mod decode;
mod download;
mod element_count;
mod encode;
mod page_token;
mod readiness;
mod results;
mod status;
mod upload;

/// The wire types, generated from `proto/`.
pub mod pb {
    #![allow(missing_docs, clippy::all)]
    tonic::include_proto!("dataprocessing.v1");
}

/// The full name of the service, in health and reflection.
pub const SERVICE_NAME: &str = "dataprocessing.v1.DataProcessing";
/// The paths of the service's calls.
const SERVICE_PATH: &str = "/dataprocessing.v1.DataProcessing/";
/// The path of the call that brings its batch as a stream.
const STREAM_PATH: &str = "/dataprocessing.v1.DataProcessing/BatchProcessStream";
/// The paths of the calls that only read the books.
const READ_PATHS: [&str; 2] =
    ["/dataprocessing.v1.DataProcessing/GetBatch", "/dataprocessing.v1.DataProcessing/ListResults"];
/// The encoded descriptor set of the contract.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// HTTP/2 limits that tonic leaves open. Streams per connection are bounded well above the batches that
/// are admitted, so that admission answers and not a stalled stream.
const HTTP2_MAX_STREAMS: u32 = 256;
const HTTP2_MAX_RESET_STREAMS: usize = 1024;
const HTTP2_MAX_HEADER_LIST: u32 = 16 * 1024;
/// Windows for uploads of megabytes over long round trips.
const HTTP2_STREAM_WINDOW: u32 = 4 * 1024 * 1024;
const HTTP2_MAX_FRAME_SIZE: u32 = 1024 * 1024;
/// A caller that vanished without a word gives its place back after at most 40 s.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));

/// Limits of one call.
#[derive(Clone, Copy, Debug)]
struct CallLimits {
    max_records: usize,
    max_records_in_flight: usize,
    max_message_size: usize,
    max_response_size: usize,
    stream_idle: Duration,
}

/// A bound gRPC server.
pub struct Server {
    listener: TcpListener,
    router: LayeredRouter,
    running: TaskTracker,
}

impl Server {
    /// Binds the configured address and puts the services together.
    pub async fn bind(
        config: &ServerConfig,
        svc: Arc<ServiceContext>,
        admission: Admission,
        readiness: &Readiness,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let running = TaskTracker::new();
        let router = router(config, svc, admission, readiness, &running);
        Ok(Self { listener, router, running })
    }

    /// The address that was bound.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Counts the service's calls until their answers have left.
    pub fn running(&self) -> TaskTracker {
        self.running.clone()
    }

    /// Serves until `stop`, then says goodbye to every connection and waits for all of them.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), transport::Error> {
        let incoming = TcpIncoming::from(self.listener).with_nodelay(Some(true));
        self.router.serve_with_incoming_shutdown(incoming, stop).await
    }
}

/// All services within their layers; a panic in a layer is caught too.
type LayeredRouter = Router<Stack<CallLayer, Stack<PanicLayer, tower_layer::Identity>>>;

/// Answers a panic with INTERNAL and a fixed text.
type PanicLayer = CatchPanicLayer<fn(Box<dyn std::any::Any + Send>) -> http::Response<tonic::body::Body>>;

fn router(
    config: &ServerConfig,
    svc: Arc<ServiceContext>,
    admission: Admission,
    readiness: &Readiness,
    running: &TaskTracker,
) -> LayeredRouter {
    let calls = CallLayer {
        timeout: config.timeout,
        stream: STREAM_PATH,
        reads: READ_PATHS,
        stream_timeout: config.stream_timeout,
        max_message_size: config.max_message_size,
        counted: SERVICE_PATH,
        running: running.clone(),
        bytes: BytesInFlight::new(config.max_bytes_in_flight, Arc::clone(&svc.in_flight_budget)),
    };
    let limits = CallLimits {
        max_records: config.max_records,
        max_records_in_flight: config.max_records_in_flight,
        max_message_size: config.max_message_size,
        max_response_size: config.max_response_size,
        stream_idle: config.stream_idle,
    };
    let service = DataProcessingServer::new(DataProcessingService::new(svc, limits))
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(config.max_message_size);
    let router = http2(config)
        .layer(PanicLayer::custom(panic_response))
        .layer(calls)
        .add_service(readiness.service())
        .add_service(InterceptedService::new(service, admission));
    if !config.reflection {
        return router;
    }
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    router
        .add_service(reflection().build_v1().expect("the descriptors are our own"))
        .add_service(reflection().build_v1alpha().expect("the descriptors are our own"))
}

fn http2(config: &ServerConfig) -> transport::Server {
    transport::Server::builder()
        // Only to have tonic's timer behind ours, which knows the calls apart.
        .timeout(config.timeout.max(config.stream_timeout))
        .max_concurrent_streams(HTTP2_MAX_STREAMS)
        .http2_max_local_error_reset_streams(Some(HTTP2_MAX_RESET_STREAMS))
        .http2_max_header_list_size(HTTP2_MAX_HEADER_LIST)
        .http2_keepalive_interval(Some(KEEPALIVE.0))
        .http2_keepalive_timeout(Some(KEEPALIVE.1))
        .initial_stream_window_size(HTTP2_STREAM_WINDOW)
        .initial_connection_window_size(connection_window(config.max_batches))
        .max_frame_size(HTTP2_MAX_FRAME_SIZE)
}

/// Room for the window of every batch that can be admitted and some more: streams whose batches wait must not
/// take the connection's whole window from the others. What is not sent takes no memory.
fn connection_window(max_batches: usize) -> u32 {
    const LARGEST: u32 = i32::MAX as u32;
    let batches = u32::try_from(max_batches).unwrap_or(u32::MAX).saturating_add(4);
    batches.saturating_mul(HTTP2_STREAM_WINDOW).min(LARGEST)
}

fn panic_response(_payload: Box<dyn std::any::Any + Send>) -> http::Response<tonic::body::Body> {
    status::internal_error().into_http()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http::{Request, Response};
    use tonic::{Code, Status, body::Body};
    use tower_layer::Layer;
    use tower_service::Service;

    use super::*;

    /// A handler with a bug.
    #[derive(Clone)]
    struct Panics;

    impl Service<Request<Body>> for Panics {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            panic!("patient 4711")
        }
    }

    #[tokio::test]
    async fn a_handler_that_panics_answers_internal_with_a_fixed_text() {
        let layer = PanicLayer::custom(panic_response as fn(_) -> _);
        let response = layer.layer(Panics).call(Request::new(Body::empty())).await.unwrap();
        let status = response.extensions().get::<Status>().expect("a status");
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("4711"));
    }
}
