//! What the service is about, free of IO and async: records, patients, issues, outcomes, hospital
//! profiles, and the formatting and rules that turn one raw record into one canonical patient.

pub mod change;
pub mod clean;
pub mod cleaning_tally;
pub mod country;
pub mod draft;
pub mod field_names;
pub mod format;
pub mod formatter;
pub mod hint;
pub mod issue;
pub mod issue_groups;
pub mod json;
pub mod look_back;
pub mod message;
pub mod outcome;
pub mod patient;
pub mod phi;
pub mod profile;
pub mod record;
pub mod resend_digest;
pub mod rules;
pub mod shape;
pub mod two_generations;

#[cfg(test)]
mod example;
