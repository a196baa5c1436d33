//! gRPC: the calls (decode, call the logic, encode), the layers around them, health and reflection. The only
//! module that sees the wire types and `tonic::Status`.

use std::{net::SocketAddr, sync::Arc};

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
pub use methods::SERVICE_NAME;
pub use pb::DESCRIPTORS;
pub use readiness::Readiness;

use crate::svc::ServiceContext;
use bytes_in_flight::BytesInFlight;
use calls::CallLayer;
use data_processing::DataProcessingService;
use pb::data_processing_server::DataProcessingServer;

mod admission;
mod batch_reads;
mod bytes_in_flight;
mod calls;
mod codec;
mod config;
mod data_processing;
mod decode;
mod download;
mod element_count;
mod encode;
mod grpc_timeout;
mod http2;
mod metered_body;
mod methods;
mod page_token;
pub mod pb;
mod readiness;
mod record_converter;
mod status;
mod upload;

/// A bound gRPC server.
pub struct Server {
    listener: TcpListener,
    router: LayeredRouter,
    running: TaskTracker,
}

impl Server {
    /// Binds the configured address and assembles the services.
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

    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Counts the service's calls until their responses are sent.
    pub fn running(&self) -> TaskTracker {
        self.running.clone()
    }

    /// Serves until `stop`, then closes every connection gracefully and waits for all of them.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), transport::Error> {
        let incoming = TcpIncoming::from(self.listener).with_nodelay(Some(true));
        self.router.serve_with_incoming_shutdown(incoming, stop).await
    }
}

/// All services inside their layers; a panic in a layer is caught too.
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
    let config = Arc::new(config.clone());
    let calls = CallLayer {
        running: running.clone(),
        bytes: BytesInFlight::new(config.max_bytes_in_flight, Arc::clone(&svc.in_flight_budget)),
        config: Arc::clone(&config),
    };
    let service = DataProcessingServer::new(DataProcessingService::new(svc, Arc::clone(&config)))
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(config.max_message_size);
    let router = http2::builder(&config)
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
