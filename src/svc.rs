//! What the logic works with: the store, the hospitals and their clients, the pool, the limits.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    client::{
        hospital_api::{VerdictCache, VerificationClient},
        hospital_health::{HealthConfig, HospitalHealth},
    },
    model::Store,
};
use cleaning::profile::{Profile, RetryPolicy, VerificationConfig};
use worker_pool::{Gate, Pool};

mod batch_leases;
mod in_flight_budget;

pub use batch_leases::{BatchLease, BatchLeases};
pub use in_flight_budget::{BatchProgress, BudgetExhausted, BudgetPermit, InFlightBudget};

/// Everything that calls share. Fields only; behaviour is in the logic.
pub struct ServiceContext {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The hospitals, by code.
    pub hospitals: HashMap<Arc<str>, Arc<Hospital>>,
    /// The process's workers.
    pub pool: Arc<Pool>,
    /// The batches that run under ids that their callers chose.
    pub leases: Arc<BatchLeases>,
    /// What the batches have in hand, together.
    pub in_flight_budget: Arc<InFlightBudget>,
    /// Limits of a batch.
    pub limits: BatchLimits,
    /// Owns the batches and their writers: they outlive the call that brought them.
    pub tasks: TaskTracker,
    /// Cancelled when running batches must end because the process does.
    pub drained: CancellationToken,
}

/// A hospital, as far as this process works with it.
pub struct Hospital {
    /// How its records are written, mapped and judged.
    pub profile: Arc<Profile>,
    /// Its verification API; absent means that its records are not verified.
    pub verification: Option<HospitalApi>,
}

/// A hospital's verification API and what says whether it may be called now.
pub struct HospitalApi {
    /// The API.
    pub client: Arc<dyn VerificationClient>,
    /// Says whether a record may go to a worker now: bounds the calls in flight, and their rate, over all batches.
    pub gate: Arc<Gate>,
    /// Learns from how the calls end what the API bears, and whether it works.
    pub health: Arc<HospitalHealth>,
    /// How a call is made again.
    pub retry: RetryPolicy,
    /// Verdicts that are kept, if any are.
    pub verdict_cache: Option<VerdictCache>,
}

impl HospitalApi {
    /// The API of a hospital, with nothing learnt about it yet, for at most `in_flight` calls at a time.
    pub fn new(
        hospital_code: &Arc<str>,
        verify: &VerificationConfig,
        client: Arc<dyn VerificationClient>,
        in_flight: usize,
    ) -> Self {
        let config = HealthConfig { max_in_flight: in_flight, outage_pause: verify.outage_pause };
        Self {
            client,
            gate: Gate::with_rate(in_flight, verify.max_per_second),
            health: HospitalHealth::new(Arc::clone(hospital_code), config),
            retry: verify.retry,
            verdict_cache: verify.verdict_cache.map(VerdictCache::new),
        }
    }
}

/// Limits of one batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    /// Most bytes of one record's payload.
    pub max_record_size: usize,
    /// Most rows of one transaction.
    pub chunk_rows: usize,
    /// Longest time that a verified record waits for others before it is written.
    pub linger: Duration,
    /// Most records of a stream that are read and not yet delivered.
    pub stream_window: u32,
}
