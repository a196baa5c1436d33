//! What is wrong with settings, collected until everything has been read.

use std::{collections::HashMap, fmt};

use super::Origin;

/// One thing that must be corrected before the settings can be used. Its display is `FILE:LINE: path: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it was written.
    pub origin: Origin,
    /// Which setting, as `server.drain.limit`; empty for a file as a whole.
    pub path: String,
    /// What is wrong and what to do. It never holds a secret.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => write!(f, "{}: {}", self.origin, self.message),
            path => write!(f, "{}: {path}: {}", self.origin, self.message),
        }
    }
}

/// An error whose [`Problem`] has been added to the [`Problems`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported;

/// The problems found so far, and where each setting was written that has been read.
#[derive(Debug, Default)]
pub struct Problems {
    found: Vec<Problem>,
    origins: HashMap<String, Origin>,
}

impl Problems {
    /// Adds a problem.
    pub fn report(&mut self, origin: Origin, path: &str, message: impl Into<String>) -> Reported {
        self.found.push(Problem { origin, path: path.into(), message: message.into() });
        Reported
    }

    /// Adds the problem that a setting, which has been read, contradicts another one.
    ///
    /// # Panics
    ///
    /// If no setting of this path was read: then it could not contradict anything.
    pub fn contradiction(&mut self, path: &str, message: impl Into<String>) -> Reported {
        let origin =
            self.origins.get(path).expect("a contradiction is between settings that were read").clone();
        self.report(origin, path, message)
    }

    /// Records where a setting was written.
    pub(super) fn remember(&mut self, path: &str, origin: &Origin) {
        self.origins.insert(path.into(), origin.clone());
    }

    /// The value, if there is no problem at all.
    ///
    /// # Errors
    ///
    /// Every problem, by file and line.
    pub fn conclude<T>(mut self, value: Result<T, Reported>) -> Result<T, Vec<Problem>> {
        match value {
            Ok(value) if self.found.is_empty() => Ok(value),
            _ => {
                self.found.sort_by(|a, b| a.origin.cmp(&b.origin));
                Err(self.found)
            }
        }
    }
}
