//! Logging to standard error, and a panic hook that logs only the location: the message of a panic may quote data of a
//! patient.

use std::{
    io::{self, IsTerminal},
    panic,
};

use tracing::error;
use tracing_subscriber::EnvFilter;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// A level, or levels by module, as `tracing` writes them: `warn,dataprocessing=debug`.
    pub level: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Notices of database servers, which their driver would log and which may quote values.
const NO_NOTICES: &str = "sqlx::postgres::notice=off";

/// Starts logging. Only the first call in a process has an effect.
pub fn start(config: &LogConfig) {
    let no_notices = NO_NOTICES.parse().expect("a sound directive");
    let filter = EnvFilter::new(&config.level).add_directive(no_notices);
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    // It fails if logging is running already.
    let _ = match config.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        error!(location, "panicked");
    }));
}
