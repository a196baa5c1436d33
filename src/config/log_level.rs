//! Levels of the log.

use settings::Setting;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// A level, or levels by module, separated by commas. It is checked here because the log would take a misspelt level for
/// the name of a module and log everything in it.
pub(super) struct LogLevel(pub(super) String);

impl Setting for LogLevel {
    fn parse(text: &str) -> Result<Self, String> {
        for directive in text.split(',') {
            let (module, level) = directive.split_once('=').unwrap_or(("all", directive));
            if module.trim().is_empty() || !LEVELS.contains(&level.trim()) {
                return Err(format!("{directive:?} is none of {}, nor MODULE=LEVEL", LEVELS.join(", ")));
            }
        }
        Ok(Self(text.into()))
    }

    fn written(&self) -> String {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_may_differ_by_module() {
        for right in ["info", "off", "warn,dataprocessing=debug", "warn, worker_pool=trace"] {
            assert!(LogLevel::parse(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn a_misspelt_level_is_refused() {
        for wrong in ["", "inof", "INFO!", "info,", "dataprocessing=loud", "=info"] {
            assert!(LogLevel::parse(wrong).is_err(), "{wrong}");
        }
    }
}
