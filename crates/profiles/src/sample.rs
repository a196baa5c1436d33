//! Samples: records in a profile with their expected results. They are run whenever the profile is loaded.

use std::{collections::BTreeSet, fmt};

use bytes::Bytes;
use jiff::{Timestamp, civil::Date};

use cleaning::{clean::clean, issue::Issue, profile::Profile, record::Payload};
use settings::{Node, Origin, Problem};

mod compare;

/// A record and its expected result. It is made up: nothing in it is about a patient.
#[derive(Clone)]
pub struct Sample {
    /// Unique in the profile.
    pub(super) name: String,
    pub(super) input: Input,
    /// The expected part of the canonical patient.
    pub(super) patient: Option<Node>,
    /// The expected codes of all issues, and where they were written.
    pub(super) issues: (BTreeSet<&'static str>, Origin),
    /// The day on which the record is received.
    pub(super) received: Option<Date>,
}

/// The record of a sample.
#[derive(Clone)]
pub(super) enum Input {
    /// The source's object.
    Object(serde_json::Value),
    /// The source's text, valid or not.
    Text(String),
}

/// The day on which samples are received by default. It is fixed, because a sample that holds today must hold when its
/// patient is a year older.
const DAY: Date = jiff::civil::date(2026, 1, 1);

impl Sample {
    /// What the sample shows.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Cleans the record; returns how the result differs from the expected one, each difference at the line of the
    /// expectation. Empty if the sample holds.
    pub fn problems(&self, profile: &Profile) -> Vec<Problem> {
        let bytes = Bytes::from(profile.charset.encode(&self.input.text()));
        let cleaned = clean(&Payload::Bytes(bytes.into()), profile, self.received_at(profile));
        let mut differences = Differences { sample: self, found: Vec::new() };
        differences.of_issues(&cleaned.issues);
        match (&self.patient, &cleaned.patient) {
            (Some(expected), Some(patient)) => {
                let patient = serde_json::to_value(patient).expect("a patient serialises");
                compare::compare(expected, &patient, "patient", &mut |origin, path, message| {
                    differences.add(origin, path, message);
                });
            }
            (Some(expected), None) => {
                differences.add(
                    &expected.origin,
                    "patient",
                    "expected a patient, the record is rejected".into(),
                );
            }
            (None, _) => {}
        }
        differences.found
    }

    /// Noon of the day in the hospital's zone.
    fn received_at(&self, profile: &Profile) -> Timestamp {
        let noon = self.received.unwrap_or(DAY).at(12, 0, 0, 0);
        noon.to_zoned(profile.time_zone.clone()).map_or(Timestamp::UNIX_EPOCH, |noon| noon.timestamp())
    }
}

struct Differences<'s> {
    sample: &'s Sample,
    found: Vec<Problem>,
}

impl Differences<'_> {
    fn of_issues(&mut self, issues: &[Issue]) {
        let found: BTreeSet<_> = issues.iter().map(|issue| issue.kind.code).collect();
        let (expected, origin) = &self.sample.issues;
        for missing in expected.difference(&found) {
            self.add(origin, "issues", format!("expected {missing}, which was not found"));
        }
        for issue in issues.iter().filter(|issue| !expected.contains(issue.kind.code)) {
            self.add(origin, "issues", unexpected(issue));
        }
    }

    fn add(&mut self, origin: &Origin, path: &str, message: String) {
        let path = format!("samples[{:?}].{path}", self.sample.name);
        self.found.push(Problem { origin: origin.clone(), path, message });
    }
}

fn unexpected(issue: &Issue) -> String {
    let from = issue.source_field.as_ref().map(|name| format!(", from {name}")).unwrap_or_default();
    let place = if issue.field.is_empty() { "the record".into() } else { issue.path() };
    let (severity, code) = (issue.severity.name(), issue.kind.code);
    format!("found the {severity} {code} in {place}{from}, which was not expected")
}

impl Input {
    fn text(&self) -> String {
        match self {
            Self::Object(object) => object.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sample").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests;
