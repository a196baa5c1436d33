//! Logging, and a panic hook that prints the location only.

/// How much is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// A level, or levels by module, as `tracing` writes them: `warn,dataprocessing=debug`.
    pub level: String,
    /// How a line looks.
    pub format: Format,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
