//! What all calls share: the store, the hospitals and their clients, the pool, the limits.
//!
//! Fields and constructors, with two exceptions: the budget of records in flight and the leases of running batches are
//! shared state with behaviour. They are here and not in the logic because [`ServiceContext`] holds them, the server
//! reads the budget, and imports run one way: server -> logic -> svc.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{client::hospital_api::HospitalApi, model::Store};
use cleaning::profile::Profile;
use worker_pool::Pool;

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
