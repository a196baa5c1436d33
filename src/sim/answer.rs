//! The simulator's answers.

use std::io;

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use futures_util::stream;
use http::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};

/// The length of an answer that nobody should read.
const HUGE_BYTES: usize = 1024 * 1024;

/// A status and the JSON that comes with it.
pub(super) fn json(status: StatusCode, json: &'static str) -> Response {
    answer(status, "application/json", Body::from(json))
}

/// A status without a verdict.
pub(super) fn status(status: StatusCode) -> Response {
    json(status, r#"{"error":"simulated"}"#)
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

/// A verdict that breaks off, and the connection with it.
pub(super) fn cut(verdict: &'static str) -> Response {
    let half = Bytes::from_static(&verdict.as_bytes()[..verdict.len() / 2]);
    let pieces = stream::unfold(Some(half), |piece| async move {
        if let Some(piece) = piece {
            return Some((Ok(piece), None));
        }
        // Lets the first piece go out: it would be lost together with the connection.
        tokio::task::yield_now().await;
        Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), None))
    });
    answer(StatusCode::OK, "application/json", Body::from_stream(pieces))
}

fn answer(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
