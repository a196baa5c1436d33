//! The keys of each section, their ranges, and which values contradict each other.
//!
//! Each function reads all keys before the first `?`, so that one bad value does not hide the next.

use std::time::Duration;

use super::{Config, HospitalsConfig, locate, log_level::LogLevel};
use crate::{model, server, telemetry};
use settings::{ByteSize, Node, Problems, Reported, Section};

const fn millis(number: u64) -> Duration {
    Duration::from_millis(number)
}

const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

const HOUR: Duration = seconds(3600);

/// Reads the whole tree.
pub(super) fn read(root: Node, problems: &mut Problems) -> Result<Config, Reported> {
    let config = Section::read(root, problems, |root| {
        let server = root.table("server", server);
        let pool = root.table("pool", pool);
        let store = root.table("store", store);
        let hospitals = root.table("hospitals", hospitals);
        let log = root.table("log", log);
        Ok(Config { server: server?, pool: pool?, store: store?, hospitals: hospitals?, log: log? })
    })?;
    if config.store.linger >= config.server.timeout {
        let message = "is not shorter than server.timeout: no batch could wait for its last transaction";
        problems.contradiction("store.linger", message);
    }
    if config.store.keep_results <= config.server.stream_timeout {
        let message = "is not longer than server.stream_timeout: a running batch could be deleted";
        problems.contradiction("store.keep_results", message);
    }
    Ok(config)
}

fn server(section: &mut Section<'_>) -> Result<server::ServerConfig, Reported> {
    let listen = section.value("listen");
    let timeout = section.within("timeout", seconds(1)..=HOUR);
    let stream_timeout = section.within("stream_timeout", seconds(1)..=24 * HOUR);
    let stream_idle = section.within("stream_idle", seconds(1)..=HOUR);
    let stream_window = section.within("stream_window", 1..=1_000_000);
    let max_batches = section.within("max_batches", 1..=10_000);
    let max_records_in_flight = section.within("max_records_in_flight", 1..=100_000_000);
    let max_bytes_in_flight = section.within("max_bytes_in_flight", ByteSize::kib(1)..=ByteSize::mib(65_536));
    let max_message_size = section.within("max_message_size", ByteSize::kib(1)..=ByteSize::mib(1024));
    let max_records = section.within("max_records", 1..=1_000_000);
    let max_record_size = section.within("max_record_size", ByteSize::kib(1)..=ByteSize::mib(64));
    // The summary alone takes some of it, even if no results fit.
    let max_response_size = section.within("max_response_size", ByteSize::kib(16)..=ByteSize::mib(1024));
    let reflection = section.value("reflection");
    let drain = section.table("drain", drain);
    if let (Ok(record), Ok(message)) = (max_record_size, max_message_size)
        && record > message
    {
        let text =
            format!("{record} is more than server.max_message_size, {message}: no call could carry it");
        section.contradiction("max_record_size", text);
    }
    if let (Ok(message), Ok(in_flight)) = (max_message_size, max_bytes_in_flight)
        && message > in_flight
    {
        let text =
            format!("{in_flight} is less than server.max_message_size, {message}: no call could use it");
        section.contradiction("max_bytes_in_flight", text);
    }
    if let (Ok(records), Ok(window), Ok(in_flight)) = (max_records, stream_window, max_records_in_flight) {
        for (key, records) in [("max_records", records), ("stream_window", window as usize)] {
            if records > in_flight {
                let text = format!("{in_flight} is less than server.{key}, {records}: no call could use it");
                section.contradiction("max_records_in_flight", text);
            }
        }
    }
    Ok(server::ServerConfig {
        listen: listen?,
        timeout: timeout?,
        stream_timeout: stream_timeout?,
        stream_idle: stream_idle?,
        stream_window: stream_window?,
        max_batches: max_batches?,
        max_records_in_flight: max_records_in_flight?,
        max_bytes_in_flight: max_bytes_in_flight?.in_memory(),
        max_message_size: max_message_size?.in_memory(),
        max_records: max_records?,
        max_record_size: max_record_size?.in_memory(),
        max_response_size: max_response_size?.in_memory(),
        reflection: reflection?,
        drain: drain?,
    })
}

fn drain(section: &mut Section<'_>) -> Result<server::DrainConfig, Reported> {
    let announce = section.within("announce", Duration::ZERO..=seconds(300));
    // Batches are answered a little before the limit: below this no time would be left for it.
    let limit = section.within("limit", millis(100)..=HOUR);
    Ok(server::DrainConfig { announce: announce?, limit: limit? })
}

fn pool(section: &mut Section<'_>) -> Result<worker_pool::PoolConfig, Reported> {
    let workers = section.within("workers", 1..=10_000);
    let queue = section.within("queue", 1..=100_000);
    Ok(worker_pool::PoolConfig { workers: workers?, queue: queue? })
}

fn store(section: &mut Section<'_>) -> Result<model::StoreConfig, Reported> {
    let url = section.required("url").and_then(|field| {
        let named_at = field.origin().clone();
        field.value::<model::StoreUrl>().map(|url| (url, named_at))
    });
    let max_connections = section.within("max_connections", 3..=1_000);
    let chunk_rows = section.within("chunk_rows", 1..=5_000);
    let linger = section.within("linger", Duration::ZERO..=seconds(10));
    let keep_results = section.within("keep_results", HOUR..=10 * 365 * 24 * HOUR);
    if let (Ok((url, _)), Ok(3)) = (&url, max_connections)
        && !url.is_sqlite()
    {
        let message = "3 is too few for PostgreSQL: two writers, one reader and one for health checks make 4";
        section.contradiction("max_connections", message);
    }
    let (url, named_at) = url?;
    Ok(model::StoreConfig {
        url: locate::store_url(url, &named_at),
        max_connections: max_connections?,
        chunk_rows: chunk_rows?,
        linger: linger?,
        keep_results: keep_results?,
    })
}

fn hospitals(section: &mut Section<'_>) -> Result<HospitalsConfig, Reported> {
    let dir = section.required("dir")?;
    let named_at = dir.origin().clone();
    Ok(HospitalsConfig { dir: locate::path(dir.value()?, &named_at) })
}

fn log(section: &mut Section<'_>) -> Result<telemetry::LogConfig, Reported> {
    let level = section.value::<LogLevel>("level");
    let formats = [("text", telemetry::LogFormat::Text), ("json", telemetry::LogFormat::Json)];
    let format = section.required("format").and_then(|field| field.choice(&formats));
    Ok(telemetry::LogConfig { level: level?.0, format: format? })
}
