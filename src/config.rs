//! The configuration of the process: one section for each part of the service.
//!
//! There are three layers, each laid over the one before: the defaults (`etc/dataprocessing.yaml`, compiled in), the file
//! of `--config`, and environment variables. Reading is strict: unknown keys, bad values and contradictions prevent the
//! start, and all of them are listed.

use std::{env, fs, path::Path};

use crate::{model, server, telemetry};
use settings::{Problems, SettingsError};

mod environment;
mod hospitals;
mod layers;
mod locate;
mod log_level;
mod sections;

pub use hospitals::{HospitalsConfig, isolation_warning};

/// The defaults, as the repository shows them.
pub const DEFAULTS: &str = include_str!("../etc/dataprocessing.yaml");

/// The name of the defaults in messages. It is no path, so relative paths in them start at the working directory.
const DEFAULTS_NAME: &str = "built-in defaults";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub server: server::ServerConfig,
    pub pool: worker_pool::PoolConfig,
    pub store: model::StoreConfig,
    pub hospitals: HospitalsConfig,
    pub log: telemetry::LogConfig,
}

impl Config {
    /// The shipped defaults.
    pub fn shipped() -> Self {
        Self::load_from(None, []).expect("the shipped defaults are sound")
    }

    /// Reads the defaults, the file and the environment of the process.
    pub fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        // A name that is no text is not ours; a value that is none is refused like any other bad value.
        let texts = env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
        Self::load_from(file, texts)
    }

    /// Reads the defaults, the file and the variables given.
    pub fn load_from(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let mut problems = Problems::default();
        let read = layers::merged(DEFAULTS_NAME, DEFAULTS, file, variables, &mut problems)
            .and_then(|root| sections::read(root, &mut problems));
        problems.conclude(read).map_err(SettingsError::from)
    }
}

/// Reads a file; the error is a message for people.
fn read_file(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}

#[cfg(test)]
mod tests;
