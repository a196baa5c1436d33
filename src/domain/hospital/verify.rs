//! A hospital's verification API, and what it says about a patient.

use std::time::Duration;

use super::Envelope;

/// A hospital's verification API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verify {
    /// Where canonical identities are posted.
    pub url: String,
    /// How long one call may take in all.
    pub timeout: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// Most calls in flight over all batches; by default half of the workers.
    pub max_in_flight: Option<usize>,
    /// How its answers are read; absent means that they are `{"result": "match"}`, or `mismatch`,
    /// `not_found`, `illegal`.
    pub response: Option<Envelope>,
}

/// What the hospital says about an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is known and right.
    Match,
    /// It is known and differs.
    Mismatch,
    /// The hospital has no record of it.
    NotFound,
    /// The number or the name cannot be one.
    Illegal,
}
