//! What a run does: how much of it, with what chance, and which scenarios.

use std::{env, time::Duration};

use super::chance::Chance;

/// A run of the suite.
#[derive(Clone)]
pub(crate) struct Plan {
    /// All the numbers, which takes an hour, or just enough of them for every change.
    pub long: bool,
    /// What chance is drawn from.
    pub seed: u64,
    /// Only scenarios whose names hold one of these; all if there are none.
    pub names: Vec<String>,
}

impl Plan {
    /// Reads the arguments `[--long] [NAME..]` and the variable `CHAOS_SEED`.
    ///
    /// # Errors
    ///
    /// A text for whoever wrote something else.
    pub(crate) fn from_arguments() -> Result<Self, String> {
        let seed = match env::var("CHAOS_SEED") {
            Ok(seed) => seed.parse().map_err(|_| format!("CHAOS_SEED is no number: {seed:?}"))?,
            Err(_) => u64::from(std::process::id()),
        };
        let (options, names): (Vec<_>, Vec<_>) =
            env::args().skip(1).partition(|argument| argument.starts_with('-'));
        match options.iter().find(|option| *option != "--long") {
            Some(unknown) => Err(format!("there is no option {unknown}; usage: [--long] [NAME..]")),
            None => Ok(Self { long: !options.is_empty(), seed, names }),
        }
    }

    /// Whether a scenario belongs to the run.
    pub(crate) fn has(&self, scenario: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| scenario.contains(name.as_str()))
    }

    /// So many in the short form, so many in the long one.
    pub(crate) fn times(&self, short: u32, long: u32) -> u32 {
        if self.long { long } else { short }
    }

    /// So long in the short form, so long in the long one.
    pub(crate) fn lasting(&self, short: Duration, long: Duration) -> Duration {
        if self.long { long } else { short }
    }

    /// Chance of a scenario's own, so that it repeats whatever else runs.
    pub(crate) fn chance(&self, scenario: &str) -> Chance {
        Chance::new(self.seed, scenario)
    }
}
