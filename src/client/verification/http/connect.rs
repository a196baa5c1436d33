//! Connections to a hospital: TCP, and TLS where its address asks for it.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::time::timeout;
use tower_service::Service;

use crate::client::{ClientError, tls};

/// A client that keeps its connections.
pub(super) type HttpClient = Client<Bounded<HttpsConnector<HttpConnector>>, Full<Bytes>>;

/// Between two signs of life on an idle connection, and how many may stay unanswered.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_RETRIES: u32 = 3;

/// A client of the hospital at `uri`, made for `in_flight` calls at once.
pub(super) fn client(
    uri: &Uri,
    connect_timeout: Duration,
    in_flight: usize,
) -> Result<HttpClient, ClientError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp.set_keepalive_interval(Some(KEEPALIVE));
    tcp.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
    // A connection per call: over HTTP/2 the peer's limit of streams would quietly bound the calls.
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls_config(uri)?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        // Fewer idle places than calls in flight would close and open connections between any two bursts.
        .pool_max_idle_per_host(in_flight.max(1))
        .set_host(false)
        .build(Bounded { connector, limit: connect_timeout }))
}

fn tls_config(uri: &Uri) -> Result<ClientConfig, ClientError> {
    tls::install_provider();
    if uri.scheme_str() == Some("https") {
        return ClientConfig::with_platform_verifier().map_err(|error| ClientError::Setup(error.to_string()));
    }
    // Spares machines without certificate authorities an error, and the others the loading of them.
    Ok(ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// A connector that gives up after a while: name, TCP and TLS together.
#[derive(Clone)]
pub(super) struct Bounded<C> {
    connector: C,
    limit: Duration,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<C> Service<Uri> for Bounded<C>
where
    C: Service<Uri, Error = BoxError>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = timeout(self.limit, self.connector.call(uri));
        Box::pin(async { connecting.await? })
    }
}
