//! Logging to standard error, and a panic hook that prints the location only: a panic's own text may quote
//! what it panicked over.

use std::{io, panic};

use tracing::error;
use tracing_subscriber::EnvFilter;

/// Starts logging. Later calls in the same process change nothing.
pub fn start(config: &Config) {
    let filter = EnvFilter::new(&config.level);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    // Fails where logging runs already, which is as good.
    let _ = match config.format {
        Format::Text => lines.try_init(),
        Format::Json => lines.json().flatten_event(true).try_init(),
    };
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        error!(location, "a panic was caught");
    }));
}
