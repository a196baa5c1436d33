//! The hospital's verification API: is this identity known, and is it right?

use async_trait::async_trait;
use tokio::time::Instant;

use crate::domain::patient::Patient;

mod answer;
mod fault;
mod http;
mod identity;
mod retry_after;
mod verdicts;

pub use self::{
    fault::{Fault, FaultKind, Retries},
    http::HttpVerification,
    verdicts::Verdicts,
};
pub use crate::domain::hospital::Verdict;

/// A hospital's verification API.
#[async_trait]
pub trait Verification: Send + Sync {
    /// Asks the hospital about one patient, once, done before `until`.
    async fn verify(&self, patient: &Patient, until: Instant) -> Result<Verdict, Fault>;
}
