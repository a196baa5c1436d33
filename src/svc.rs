//! What all calls share: the store, the hospitals and their clients, the pool, the limits.
//!
//! Fields and constructors, with two exceptions: the budget of records in flight and the leases of running batches are
//! shared state with behaviour. They are here and not in the logic because [`ServiceContext`] holds them, the server
//! reads the budget, and imports run one way: server -> logic -> svc.

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

/// Everything that calls share.
pub struct ServiceContext {
    pub store: Arc<dyn Store>,
    /// By code.
    pub hospitals: HashMap<Arc<str>, Arc<Hospital>>,
    pub pool: Arc<Pool>,
    /// The batches that run under caller-chosen ids.
    pub leases: Arc<BatchLeases>,
    pub in_flight_budget: Arc<InFlightBudget>,
    pub limits: BatchLimits,
    /// Owns the batches and their writers, which outlive their calls.
    pub tasks: TaskTracker,
    /// Cancelled when running batches must end because the process does.
    pub drained: CancellationToken,
}

impl ServiceContext {
    /// A context in which no batch runs.
    pub fn new(
        store: Arc<dyn Store>,
        hospitals: HashMap<Arc<str>, Arc<Hospital>>,
        pool: Arc<Pool>,
        in_flight_budget: Arc<InFlightBudget>,
        limits: BatchLimits,
    ) -> Self {
        Self {
            store,
            hospitals,
            pool,
            leases: Arc::default(),
            in_flight_budget,
            limits,
            tasks: TaskTracker::new(),
            drained: CancellationToken::new(),
        }
    }
}

/// A hospital of this process.
pub struct Hospital {
    /// How its records are written, mapped and judged.
    pub profile: Arc<Profile>,
    /// Its verification API; absent means that its records are not verified.
    pub verification: Option<HospitalApi>,
}

/// A hospital's verification API and what says whether it may be called now.
pub struct HospitalApi {
    pub client: Arc<dyn VerificationClient>,
    /// Bounds the calls in flight and their rate, over all batches.
    pub gate: Arc<Gate>,
    /// Learns from the calls how many the API tolerates at once, and whether it works.
    pub health: Arc<HospitalHealth>,
    /// How a failed call is retried.
    pub retry: RetryPolicy,
    /// Verdicts that are kept, if any are.
    pub verdict_cache: Option<VerdictCache>,
}

impl HospitalApi {
    /// The API of a hospital about which nothing is known yet, for at most `in_flight` calls at once.
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

/// The limits of each batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    /// Most bytes of the payload of a record.
    pub max_record_size: usize,
    /// Most rows of one transaction.
    pub chunk_rows: usize,
    /// Longest time that a verified record waits for others before it is written.
    pub linger: Duration,
    /// Most records of a stream that are read and whose results are not yet taken.
    pub stream_window: u32,
}
