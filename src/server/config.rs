//! The configuration of the server.

use std::{net::SocketAddr, time::Duration};

/// Where the server listens, and the limits of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Time limit of a call other than a stream.
    pub timeout: Duration,
    /// Time limit of a streamed batch.
    pub stream_timeout: Duration,
    /// How long a streamed batch waits for its caller's next message.
    pub stream_idle: Duration,
    /// Records of one streamed batch that are read and not yet delivered.
    pub stream_window: u32,
    /// Concurrent batches.
    pub max_batches: usize,
    /// Records of all batches together; a stream counts with its window.
    pub max_records_in_flight: usize,
    /// Bytes of the requests of all whole batches together.
    pub max_bytes_in_flight: usize,
    /// Bytes of a request.
    pub max_message_size: usize,
    /// Records of a whole batch.
    pub max_records: usize,
    /// Bytes of a record.
    pub max_record_size: usize,
    /// Bytes of a response.
    pub max_response_size: usize,
    /// Whether server reflection is offered.
    pub reflection: bool,
    pub drain: DrainConfig,
}

/// How the server shuts down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainConfig {
    /// How long health is NOT_SERVING while calls are still accepted.
    pub announce: Duration,
    /// How long batches may run after that.
    pub limit: Duration,
}
