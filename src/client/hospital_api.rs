//! A hospital's verification API: is this identity known, and is it right?

use std::sync::Arc;

use async_trait::async_trait;
use cleaning::{
    patient::Patient,
    profile::{RetryPolicy, VerificationConfig},
};
use tokio::time::Instant;
use worker_pool::Gate;

use super::hospital_health::{HealthConfig, HospitalHealth};

mod fault;
mod http;
mod identity;
mod retry_after;
mod status_meaning;
mod verdict_cache;

pub use self::{
    fault::{CallFault, FaultKind, RetryAllowance},
    http::HttpVerificationClient,
    verdict_cache::VerdictCache,
};
pub use cleaning::profile::Verdict;

/// Makes the calls.
#[async_trait]
pub trait VerificationClient: Send + Sync {
    /// Asks the hospital about one patient, in one call that ends before `until`.
    async fn verify(&self, patient: &Patient, until: Instant) -> Result<Verdict, CallFault>;
}

/// A hospital's verification API, and what decides whether it may be called now.
pub struct HospitalApi {
    pub client: Arc<dyn VerificationClient>,
    /// Bounds the calls in flight and their rate, over all batches: a record goes to a worker only if it is open.
    pub gate: Arc<Gate>,
    pub health: Arc<HospitalHealth>,
    pub retry: RetryPolicy,
    pub verdict_cache: Option<VerdictCache>,
}

impl HospitalApi {
    /// The API of a hospital for at most `max_in_flight` concurrent calls.
    pub fn new(
        hospital_code: &Arc<str>,
        config: &VerificationConfig,
        client: Arc<dyn VerificationClient>,
        max_in_flight: usize,
    ) -> Self {
        let health = HealthConfig { max_in_flight, outage_pause: config.outage_pause };
        Self {
            client,
            gate: Gate::with_rate(max_in_flight, config.max_per_second),
            health: HospitalHealth::new(Arc::clone(hospital_code), health),
            retry: config.retry,
            verdict_cache: config.verdict_cache.map(VerdictCache::new),
        }
    }
}
