//! The HTTP/2 settings of the server: limits that tonic leaves open, windows and keepalive.

use std::time::Duration;

use tonic::transport::Server;

use super::config::ServerConfig;

/// Streams per connection, well above the batches that are admitted: a caller gets an answer from admission and
/// not a stalled stream.
const MAX_STREAMS: u32 = 256;
const MAX_RESET_STREAMS: usize = 1024;
/// Bytes of a request's headers.
const MAX_HEADER_LIST: u32 = 16 * 1024;
/// Bytes in flight per stream, for uploads of megabytes over long round trips.
const STREAM_WINDOW: u32 = 4 * 1024 * 1024;
const MAX_FRAME_SIZE: u32 = 1024 * 1024;
/// A peer that vanished gives its permit back after at most the sum of both, 40 s.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// A server builder with these settings.
pub(super) fn builder(config: &ServerConfig) -> Server {
    Server::builder()
        // Only a backstop: the deadline of each call is enforced by `CallLayer`, which knows the methods.
        .timeout(config.timeout.max(config.stream_timeout))
        .max_concurrent_streams(MAX_STREAMS)
        .http2_max_local_error_reset_streams(Some(MAX_RESET_STREAMS))
        .http2_max_header_list_size(MAX_HEADER_LIST)
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(connection_window(config.max_batches))
        .max_frame_size(MAX_FRAME_SIZE)
}

/// The windows of all batches that can be admitted and some more: a stream whose batch waits must not take the
/// connection's whole window from the others. Memory is used only for bytes that were sent.
fn connection_window(max_batches: usize) -> u32 {
    const MAX_WINDOW: u32 = i32::MAX as u32;
    let batches = u32::try_from(max_batches).unwrap_or(u32::MAX).saturating_add(4);
    batches.saturating_mul(STREAM_WINDOW).min(MAX_WINDOW)
}
