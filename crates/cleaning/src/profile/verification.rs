//! A hospital's verification API, and what it says about a patient.

use std::{num::NonZeroU32, time::Duration};

use super::ResponseFormat;

/// A hospital's verification API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationConfig {
    /// Where canonical identities are posted.
    pub url: String,
    /// How long one call may take in all.
    pub timeout: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// Most calls in flight over all batches; by default half of the workers.
    pub max_in_flight: Option<usize>,
    /// Most calls a second over all batches; absent means as many as there are.
    pub max_per_second: Option<NonZeroU32>,
    /// How a call is made again that failed of something that passes.
    pub retry: RetryPolicy,
    /// How long calls are stopped once the API does not work, before one may try.
    pub outage_pause: Duration,
    /// How long verdicts are kept; absent means that every record is asked about.
    pub verdict_cache: Option<VerdictCacheConfig>,
    /// How its answers are read; absent means that they are `{"result": "match"}`, or `mismatch`,
    /// `not_found`, `illegal`.
    pub response: Option<ResponseFormat>,
}

impl VerificationConfig {
    /// The API at `url`, everything else as when a profile says nothing.
    pub fn at(url: String) -> Self {
        Self {
            url,
            timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(1),
            max_in_flight: None,
            max_per_second: None,
            retry: RetryPolicy::default(),
            outage_pause: Duration::from_secs(5),
            verdict_cache: None,
            response: None,
        }
    }

    /// Most calls in flight over all batches, in a process with so many workers. By default one hanging hospital leaves
    /// half of them to the rest.
    pub fn in_flight(&self, workers: usize) -> usize {
        self.max_in_flight.unwrap_or(workers.div_ceil(2))
    }
}

/// How a call is made again that failed of something that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Most calls for one record, the first included.
    pub attempts: u32,
    /// The pause before the second call. It doubles from call to call, and up to as much again is added at random, so
    /// that records which failed together do not come back together.
    pub min_delay: Duration,
    /// The longest pause, before what is added.
    pub max_delay: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 3, min_delay: Duration::from_millis(100), max_delay: Duration::from_secs(2) }
    }
}

/// How long verdicts are kept, so that the same identity is not asked about again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerdictCacheConfig {
    /// How long one counts.
    pub max_age: Duration,
    /// How many are kept at least, if that many are asked for.
    pub max_verdicts: usize,
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
