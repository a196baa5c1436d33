//! The simulator's answers.

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

use super::{connection::Link, retry_after::RetryAfter};

/// The length of an answer that nobody should read.
const HUGE_BYTES: usize = 1024 * 1024;

/// What comes with a status in place of a verdict.
pub(super) const NO_RESULT: &str = r#"{"error":"simulated"}"#;

/// A status and the JSON that comes with it.
pub(super) fn json(status: StatusCode, json: &'static str) -> Response {
    answer(status, "application/json", Body::from(json))
}

/// A status without a verdict.
pub(super) fn status(status: StatusCode) -> Response {
    json(status, NO_RESULT)
}

/// The answer to a body that is no identity.
pub(super) fn no_identity() -> Response {
    json(StatusCode::BAD_REQUEST, r#"{"error":"no patientId"}"#)
}

/// A page where a verdict should be.
pub(super) fn garbage() -> Response {
    answer(StatusCode::OK, "text/html", Body::from("<!doctype html><title>Please sign in</title>"))
}

/// A verdict with blanks after it, a mebibyte in all.
pub(super) fn huge(verdict: &'static str) -> Response {
    let body = [verdict, &" ".repeat(HUGE_BYTES - verdict.len())].concat();
    answer(StatusCode::OK, "application/json", Body::from(body))
}

/// A verdict that calls itself text.
pub(super) fn wrong_type(verdict: &'static str) -> Response {
    answer(StatusCode::OK, "text/plain", Body::from(verdict))
}

/// A whole body with half a verdict.
pub(super) fn bad_json(verdict: &'static str) -> Response {
    json(StatusCode::OK, half(verdict))
}

/// A verdict of which a byte comes at a time, with so long before each.
pub(super) fn drip(verdict: &'static str, pause: Duration) -> Response {
    let bytes = stream::iter(verdict.as_bytes().chunks(1)).then(move |byte| async move {
        sleep(pause).await;
        Ok::<_, Infallible>(Bytes::from_static(byte))
    });
    answer(StatusCode::OK, "application/json", Body::from_stream(bytes))
}

/// A verdict that breaks off, and the connection with it.
pub(super) fn cut(verdict: &'static str) -> Response {
    broken(verdict, || ())
}

/// A verdict in whose middle the connection is reset.
pub(super) fn reset(verdict: &'static str, link: Link) -> Response {
    broken(verdict, move || link.reset())
}

fn broken(verdict: &'static str, end: impl Fn() + Send + 'static) -> Response {
    let pieces = stream::unfold((Some(half(verdict)), end), |(piece, end)| async move {
        if let Some(piece) = piece {
            return Some((Ok(piece), (None, end)));
        }
        // Lets the first piece go out: it would be lost together with the connection.
        tokio::task::yield_now().await;
        end();
        Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), (None, end)))
    });
    answer(StatusCode::OK, "application/json", Body::from_stream(pieces))
}

fn half(verdict: &'static str) -> &'static str {
    // Verdicts are ASCII, so that they can be halved anywhere.
    &verdict[..verdict.len() / 2]
}

/// The answer to who asks too often.
pub(super) fn rate_limited(retry_after: RetryAfter) -> Response {
    retriable(status(StatusCode::TOO_MANY_REQUESTS), retry_after)
}

/// An answer that says when to come again.
pub(super) fn retriable(mut response: Response, retry_after: RetryAfter) -> Response {
    response.headers_mut().insert(RETRY_AFTER, retry_after.header());
    response
}

fn answer(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
