//! What the logic works with: the store, the hospitals and their clients, the pool, the limits.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    client::verification::Verification,
    domain::hospital::Profile,
    model::Store,
    pool::{Gate, Pool},
};

mod running_batches;

pub use running_batches::{RunningBatch, RunningBatches};

/// Everything that calls share. Fields only; behaviour is in the logic.
pub struct ServiceContext {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The hospitals, by code.
    pub hospitals: HashMap<Arc<str>, Arc<Hospital>>,
    /// The process's workers.
    pub pool: Arc<Pool>,
    /// The batches that run under ids that their callers chose.
    pub running: Arc<RunningBatches>,
    /// Limits of a batch.
    pub limits: Limits,
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
    pub verification: Option<VerificationApi>,
}

/// A hospital's verification API and what says whether it may be called now.
pub struct VerificationApi {
    /// The API.
    pub client: Arc<dyn Verification>,
    /// Bounds the calls in flight over all batches.
    pub gate: Arc<Gate>,
}

/// Limits of one batch.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most bytes of one record's payload.
    pub max_record_size: usize,
    /// Most rows of one transaction.
    pub chunk_rows: usize,
    /// Longest time that a verified record waits for others before it is written.
    pub linger: Duration,
    /// Most records of a stream that are read and not yet delivered.
    pub stream_window: u32,
}
