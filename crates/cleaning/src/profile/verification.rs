//! How a hospital's verification API is called.

use std::{num::NonZeroU32, time::Duration};

use super::ResponseFormat;

/// How a hospital's verification API is called.
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
    /// Most calls per second over all batches; if absent, unlimited.
    pub max_per_second: Option<NonZeroU32>,
    pub retry: RetryPolicy,
    /// How long calls are stopped in an outage before one may probe.
    pub outage_pause: Duration,
    /// If absent, a call is made for every record.
    pub verdict_cache: Option<VerdictCacheConfig>,
    /// How its responses are read; if absent, they are `{"result": "match"}`, or `mismatch`, `not_found`, `illegal`.
    pub response: Option<ResponseFormat>,
}

impl VerificationConfig {
    /// The API at `url`, with the default values for everything else.
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

    /// Most calls in flight over all batches in a process with `workers` workers. By default one hanging hospital leaves
    /// half of them to the others.
    pub fn in_flight(&self, workers: usize) -> usize {
        self.max_in_flight.unwrap_or(workers.div_ceil(2))
    }
}

/// How a failed call is retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Most calls for one record, the first included.
    pub attempts: u32,
    /// The pause before the second call. It doubles from call to call, with a random addition of up to as much again, so
    /// that records that failed together are not retried together.
    pub min_delay: Duration,
    /// The longest pause, without the random addition.
    pub max_delay: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 3, min_delay: Duration::from_millis(100), max_delay: Duration::from_secs(2) }
    }
}

/// How long verdicts are cached, so that the same identity is not verified again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerdictCacheConfig {
    pub max_age: Duration,
    /// At least this many are cached before the oldest are dropped.
    pub max_verdicts: usize,
}
