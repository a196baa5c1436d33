//! The simulator's responses. `verdict` is the body of the right response.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use futures_util::{StreamExt, stream};
use http::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER},
};
use tokio::time::sleep;

use super::{connection::ConnectionHandle, retry_after::RetryAfter};

/// The length of an oversized body.
const HUGE_BYTES: usize = 1024 * 1024;

/// The body of a status without a result.
pub(crate) const NO_RESULT: &str = r#"{"error":"simulated"}"#;

pub(crate) fn json(status: StatusCode, json: &'static str) -> Response {
    response(status, "application/json", Body::from(json))
}

/// A status without a result.
pub(crate) fn status(status: StatusCode) -> Response {
    json(status, NO_RESULT)
}

/// The response to a body that is not an identity.
pub(crate) fn no_identity() -> Response {
    json(StatusCode::BAD_REQUEST, r#"{"error":"no patientId"}"#)
}

/// A page of HTML.
pub(crate) fn garbage() -> Response {
    response(StatusCode::OK, "text/html", Body::from("<!doctype html><title>Please sign in</title>"))
}

/// A verdict and spaces, one mebibyte in all.
pub(crate) fn huge(verdict: &'static str) -> Response {
    let body = [verdict, &" ".repeat(HUGE_BYTES - verdict.len())].concat();
    response(StatusCode::OK, "application/json", Body::from(body))
}

/// A verdict as `text/plain`.
pub(crate) fn wrong_type(verdict: &'static str) -> Response {
    response(StatusCode::OK, "text/plain", Body::from(verdict))
}

/// A complete body that holds half a verdict.
pub(crate) fn bad_json(verdict: &'static str) -> Response {
    json(StatusCode::OK, half(verdict))
}

/// A verdict with a pause before each byte.
pub(crate) fn drip(verdict: &'static str, pause: Duration) -> Response {
    let bytes = stream::iter(verdict.as_bytes().chunks(1)).then(move |byte| async move {
        sleep(pause).await;
        Ok::<_, Infallible>(Bytes::from_static(byte))
    });
    response(StatusCode::OK, "application/json", Body::from_stream(bytes))
}

/// A verdict whose body ends too early, as does the connection.
pub(crate) fn cut(verdict: &'static str) -> Response {
    incomplete(verdict, || ())
}

/// A verdict; the connection is reset in the middle of its body.
pub(crate) fn reset(verdict: &'static str, connection: ConnectionHandle) -> Response {
    incomplete(verdict, move || connection.reset())
}

fn incomplete(verdict: &'static str, end: impl Fn() + Send + 'static) -> Response {
    let pieces = stream::unfold((Some(half(verdict)), end), |(piece, end)| async move {
        if let Some(piece) = piece {
            return Some((Ok(piece), (None, end)));
        }
        // Lets the server send the first piece, which would be lost together with the connection.
        tokio::task::yield_now().await;
        end();
        Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), (None, end)))
    });
    response(StatusCode::OK, "application/json", Body::from_stream(pieces))
}

fn half(verdict: &'static str) -> &'static str {
    // Verdicts are ASCII and can be split anywhere.
    &verdict[..verdict.len() / 2]
}

pub(crate) fn rate_limited(retry_after: RetryAfter) -> Response {
    with_retry_after(status(StatusCode::TOO_MANY_REQUESTS), retry_after)
}

pub(crate) fn with_retry_after(mut response: Response, retry_after: RetryAfter) -> Response {
    response.headers_mut().insert(RETRY_AFTER, retry_after.header());
    response
}

fn response(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
