//! The verification API over HTTP: one `POST` of an identity per call.

use std::{
    error::Error,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use http::{
    HeaderName, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use reqwest::{Client, Response, Url, redirect, retry};
use tokio::time::{Instant, timeout};
use tracing::debug;

use super::{
    CallFault, FaultKind, VerificationClient,
    identity::identity_json,
    retry_after::retry_after,
    status_meaning::{self, NO_ANSWER, StatusMeaning},
};
use crate::client::{ClientBuildError, tls};
use cleaning::{
    patient::Patient,
    profile::{NoVerdict, ResponseFormat, Verdict, VerificationConfig},
};

/// Most bytes of a response; a verdict needs a few dozen.
const MAX_BODY: usize = 64 * 1024;

/// The whole milliseconds that the caller will wait.
const TIMEOUT_HEADER: HeaderName = HeaderName::from_static("x-timeout-ms");

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const USER_AGENT: &str = concat!("dataprocessing/", env!("CARGO_PKG_VERSION"));

/// A hospital's verification API over HTTP. Dropping a call cancels it and closes its connection.
///
/// Addresses, bodies and errors of the HTTP library are never logged: each of them can hold a patient or a credential.
pub struct HttpVerificationClient {
    client: Client,
    url: Url,
    timeout: Duration,
    /// How bodies are read; if absent, in the default format.
    response_format: Option<ResponseFormat>,
}

impl HttpVerificationClient {
    /// A client of the API at `verify.url` for `in_flight` concurrent calls.
    ///
    /// # Errors
    ///
    /// The URL is neither HTTP nor HTTPS, or TLS cannot be set up.
    pub fn new(verify: &VerificationConfig, in_flight: usize) -> Result<Self, ClientBuildError> {
        let url = parse_url(&verify.url)?;
        let client = build_client(&url, verify.connect_timeout, in_flight)?;
        Ok(Self { client, url, timeout: verify.timeout, response_format: verify.response.clone() })
    }

    /// Makes the call. The caller bounds its time.
    async fn call(&self, identity: Vec<u8>, left_ms: u64) -> Result<Verdict, CallFault> {
        let request = self.client.post(self.url.clone()).header(TIMEOUT_HEADER, left_ms).body(identity);
        let response = request.send().await.map_err(|_| log_failure(FaultKind::Unreachable, None, None))?;
        let status = Some(response.status());
        let retry_after = retry_after(response.headers(), SystemTime::now());
        let fault = |kind| CallFault { kind, retry_after };
        let meaning = StatusMeaning::from_status(response.status())
            .map_err(|kind| fault(log_failure(kind, status, None)))?;
        let body = read_body(response).await;
        let answer =
            body.map_or(Err(NO_ANSWER), |body| status_meaning::read(&body, self.response_format.as_ref()));
        meaning.conclude(answer).map_err(|kind| fault(log_failure(kind, status, answer.err())))
    }
}

#[async_trait]
impl VerificationClient for HttpVerificationClient {
    async fn verify(&self, patient: &Patient, until: Instant) -> Result<Verdict, CallFault> {
        let left = until.saturating_duration_since(Instant::now());
        let no_answer = if left < self.timeout { FaultKind::BatchDeadline } else { FaultKind::Timeout };
        let left = left.min(self.timeout);
        let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        if left_ms == 0 {
            return Err(log_failure(no_answer, None, None).into());
        }
        timeout(left, self.call(identity_json(patient), left_ms))
            .await
            .unwrap_or_else(|_| Err(log_failure(no_answer, None, None).into()))
    }
}

/// Logs a failed call and returns its fault. The log says where a body cannot be read, never what is there.
fn log_failure(fault: FaultKind, status: Option<StatusCode>, no_verdict: Option<NoVerdict<'_>>) -> FaultKind {
    debug!(
        failure = fault.failure().kind().code,
        http_status = status.map(|status| status.as_u16()),
        unclear_at = no_verdict.map(|no_verdict| no_verdict.at),
        "a verification failed"
    );
    fault
}

/// The body of a response; none if it is cut off or over [`MAX_BODY`].
async fn read_body(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > MAX_BODY {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

fn parse_url(text: &str) -> Result<Url, ClientBuildError> {
    let url = Url::parse(text).map_err(|error| ClientBuildError::Address(error.to_string()))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(ClientBuildError::Address("it must start with http:// or https://".to_owned())),
    }
}

fn build_client(url: &Url, connect_timeout: Duration, in_flight: usize) -> Result<Client, ClientBuildError> {
    tls::install_provider();
    let mut builder = Client::builder()
        .user_agent(USER_AGENT)
        .default_headers(HeaderMap::from_iter([(CONTENT_TYPE, JSON), (ACCEPT, JSON)]))
        .connect_timeout(connect_timeout)
        .tcp_nodelay(true)
        // A connection per call: over HTTP/2 the peer's limit of streams would silently bound the calls.
        .http1_only()
        // Fewer idle connections than calls in flight would close and open connections between bursts.
        .pool_max_idle_per_host(in_flight.max(1))
        // A patient goes only where the profile says: no redirect, no proxy of the environment.
        .redirect(redirect::Policy::none())
        .no_proxy()
        // Only the pipeline decides about retries.
        .retry(retry::never());
    if url.scheme() == "http" {
        // Machines without certificate authorities would fail here, and the others would load them for nothing.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| ClientBuildError::Setup(root_cause(&error)))
}

/// The text of the innermost error, which says what to do.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests;
