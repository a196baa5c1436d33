//! The hospital's verification API: is this identity known, and is it right?

use async_trait::async_trait;
use tokio::time::Instant;

use cleaning::patient::Patient;

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

/// A hospital's verification API.
#[async_trait]
pub trait VerificationClient: Send + Sync {
    /// Asks the hospital about one patient, once, done before `until`.
    async fn verify(&self, patient: &Patient, until: Instant) -> Result<Verdict, CallFault>;
}
