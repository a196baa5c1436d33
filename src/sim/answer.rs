//! The simulator's answers, whose bytes are made beforehand.

use std::{io, sync::LazyLock};

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

static HUGE: LazyLock<Bytes> = LazyLock::new(|| {
    let (start, end) = (r#"{"result":"match","padding":""#, r#""}"#);
    let padding = "0".repeat(HUGE_BYTES - start.len() - end.len());
    Bytes::from([start, &padding, end].concat())
});

/// A verdict, as the JSON that holds it.
pub(super) fn verdict(json: &'static str) -> Response {
    answer(StatusCode::OK, "application/json", Body::from(json))
}

/// A status without a verdict.
pub(super) fn status(status: StatusCode) -> Response {
    answer(status, "application/json", Body::from(r#"{"error":"simulated"}"#))
}

/// The answer to a body that is no identity.
pub(super) fn no_identity() -> Response {
    answer(StatusCode::BAD_REQUEST, "application/json", Body::from(r#"{"error":"no patientId"}"#))
}

/// A page where a verdict should be.
pub(super) fn garbage() -> Response {
    answer(StatusCode::OK, "text/html", Body::from("<!doctype html><title>Please sign in</title>"))
}

/// A verdict with a mebibyte of padding.
pub(super) fn huge() -> Response {
    answer(StatusCode::OK, "application/json", Body::from(HUGE.clone()))
}

/// A verdict that breaks off, and the connection with it.
pub(super) fn cut() -> Response {
    let pieces = stream::unfold(true, |first| async move {
        if first {
            return Some((Ok(Bytes::from_static(br#"{"result":"#)), false));
        }
        // Lets the first piece go out: it would be lost together with the connection.
        tokio::task::yield_now().await;
        Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), false))
    });
    answer(StatusCode::OK, "application/json", Body::from_stream(pieces))
}

fn answer(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
