//! What the server is built from.

use std::{net::SocketAddr, time::Duration};

/// Where the server listens, and what one call may ask of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The most time that one batch may take.
    pub timeout: Duration,
    /// The most time that one streamed batch may take.
    pub stream_timeout: Duration,
    /// The most time that a streamed batch waits for its caller's next message.
    pub stream_idle: Duration,
    /// The most records of one streamed batch that are read and not yet delivered.
    pub stream_window: u32,
    /// Batches at a time.
    pub max_batches: usize,
    /// Records at a time, over all batches; a stream counts with its window.
    pub max_records_in_flight: usize,
    /// Bytes of requests at a time, over all whole batches.
    pub max_bytes_in_flight: usize,
    /// The largest request, in bytes.
    pub max_message_size: usize,
    /// The most records in one call.
    pub max_records: usize,
    /// The largest record, in bytes.
    pub max_record_size: usize,
    /// The largest response, in bytes.
    pub max_response_size: usize,
    /// Whether callers may ask for the contract.
    pub reflection: bool,
    /// The end of the process.
    pub drain: DrainConfig,
}

/// How the server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainConfig {
    /// How long health says NOT_SERVING while calls are still accepted.
    pub announce: Duration,
    /// How long batches may run from then on.
    pub limit: Duration,
}
