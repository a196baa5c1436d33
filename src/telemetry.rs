//! Logging to standard error, and a panic hook that prints the location only: a panic's own text may quote
//! what it panicked over.

use std::{
    io::{self, IsTerminal},
    panic,
};

use tracing::error;
use tracing_subscriber::EnvFilter;

/// How much is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// A level, or levels by module, as `tracing` writes them: `warn,dataprocessing=debug`.
    pub level: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Notices of database servers, which their driver would log.
const SILENT: &str = "sqlx::postgres::notice=off";

/// Starts logging. Later calls in the same process change nothing.
pub fn start(config: &LogConfig) {
    // What a database server notes may quote values.
    let silent = SILENT.parse().expect("a sound directive");
    let filter = EnvFilter::new(&config.level).add_directive(silent);
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    // Fails where logging runs already, which is as good.
    let _ = match config.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        error!(location, "panicked");
    }));
}
