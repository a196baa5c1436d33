//! The verification API over HTTP: one `POST` of an identity per call.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{
    HeaderName, Method, Request, StatusCode, Uri,
    header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, USER_AGENT},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};
use tracing::debug;

use self::connect::HttpClient;
use super::{
    Verification,
    answer::{self, Head, NO_ANSWER},
    identity::identity_json,
};
use crate::{
    client::ClientError,
    domain::{
        hospital::{Envelope, Unclear, Verdict, Verify},
        outcome::Failure,
        patient::Patient,
    },
};

mod connect;

/// Most bytes of an answer; a verdict needs a few dozen.
const BODY_LIMIT: usize = 64 * 1024;

/// Tells the hospital how many whole milliseconds the caller will wait.
const TIMEOUT_HEADER: HeaderName = HeaderName::from_static("x-timeout-ms");

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const SENDER: HeaderValue = HeaderValue::from_static(concat!("dataprocessing/", env!("CARGO_PKG_VERSION")));

/// A hospital's verification API over HTTP. Dropping a call cancels it and closes its connection.
///
/// Where a patient goes is what the profile says: no redirect is followed, no proxy of the environment used. The
/// pipeline alone decides what is tried again.
///
/// Addresses, bodies and the HTTP library's errors are never logged: each of them can hold a patient or a
/// credential.
pub struct HttpVerification {
    client: HttpClient,
    uri: Uri,
    /// Those that are the same in every call.
    headers: HeaderMap,
    timeout: Duration,
    /// How bodies are read, if not in the usual way.
    envelope: Option<Envelope>,
}

impl HttpVerification {
    /// A client of the API at `verify.url`, made for `in_flight` calls at once.
    ///
    /// # Errors
    ///
    /// The URL is not one of HTTP, or it is one of HTTPS and TLS cannot be set up.
    pub fn new(verify: &Verify, in_flight: usize) -> Result<Self, ClientError> {
        let (uri, host) = parse_url(&verify.url)?;
        Ok(Self {
            client: connect::client(&uri, verify.connect_timeout, in_flight)?,
            uri,
            headers: HeaderMap::from_iter([
                (HOST, host),
                (CONTENT_TYPE, JSON),
                (ACCEPT, JSON),
                (USER_AGENT, SENDER),
            ]),
            timeout: verify.timeout,
            envelope: verify.response.clone(),
        })
    }

    /// Makes the call. Its time is bounded by the caller.
    async fn ask(&self, identity: Vec<u8>, left_ms: u64) -> Result<Verdict, Failure> {
        // No route, no connection, no TLS, a connection that broke: to the record these are all the same.
        let response = self.client.request(self.request(identity, left_ms)).await;
        let response = response.map_err(|_| failed(Failure::HospitalUnavailable, None, None))?;
        let status = Some(response.status());
        let head = Head::of(response.status()).map_err(|failure| failed(failure, status, None))?;
        let body = read_body(response.into_body()).await;
        let answer = body.map_or(Err(NO_ANSWER), |body| answer::read(&body, self.envelope.as_ref()));
        head.conclude(answer).map_err(|failure| failed(failure, status, answer.err()))
    }

    fn request(&self, identity: Vec<u8>, left_ms: u64) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::from(identity));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(TIMEOUT_HEADER, left_ms.into());
        request
    }
}

#[async_trait]
impl Verification for HttpVerification {
    async fn verify(&self, patient: &Patient, until: Instant) -> Result<Verdict, Failure> {
        let left = until.saturating_duration_since(Instant::now()).min(self.timeout);
        let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        if left_ms == 0 {
            return Err(failed(Failure::HospitalTimeout, None, None));
        }
        timeout(left, self.ask(identity_json(patient), left_ms))
            .await
            .unwrap_or_else(|_| Err(failed(Failure::HospitalTimeout, None, None)))
    }
}

/// Logs a failure, and hands it on. Of a body that cannot be understood it says where, never what stands
/// there.
fn failed(failure: Failure, status: Option<StatusCode>, unclear: Option<Unclear<'_>>) -> Failure {
    debug!(
        failure = failure.kind().code,
        http_status = status.map(|status| status.as_u16()),
        unclear_at = unclear.map(|unclear| unclear.at),
        "a verification failed"
    );
    failure
}

/// The body of an answer; nothing if it is cut off or over [`BODY_LIMIT`].
async fn read_body(body: Incoming) -> Option<Bytes> {
    Limited::new(body, BODY_LIMIT).collect().await.ok().map(|body| body.to_bytes())
}

/// An address and the host in it, as the header of that name says it.
fn parse_url(text: &str) -> Result<(Uri, HeaderValue), ClientError> {
    let wrong = |what: &str| ClientError::Address(what.to_owned());
    let uri: Uri = text.parse().map_err(|_| wrong("it is no URL"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(wrong("it must start with http:// or https://"));
    }
    let authority =
        uri.authority().filter(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'));
    let authority = authority.ok_or_else(|| wrong("it must name a host, and no user"))?;
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| wrong("it must name a host"))?;
    Ok((uri, host))
}

#[cfg(test)]
mod tests;
