//! Turns one raw record into one canonical patient, or into the issues that reject it. Free of IO and async.
//!
//! A record goes this way. The modules import each other in one direction only, so that each can be read by itself.
//!
//! ```text
//! record::RawRecord ──profile::mapping──> record::RawPatient ──formatter──> draft::Draft
//!    as it was sent     for JSON payloads   canonical names,     by format    every field formatted or faulty
//!                                           raw values           per field
//!
//! draft::Draft ──rules, look_back──> issues, and without an error ──> patient::Patient
//! ```
//!
//! [`clean::clean_next`] does all of it.

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

mod named_enum;

#[cfg(test)]
mod example;
