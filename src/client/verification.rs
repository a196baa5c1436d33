//! The hospital's verification API: is this identity known, and is it right?

use async_trait::async_trait;
use tokio::time::Instant;

use crate::domain::{outcome::Failure, patient::Patient};

mod answer;
mod http;
mod identity;

pub use self::http::HttpVerification;

/// A hospital's verification API.
#[async_trait]
pub trait Verification: Send + Sync {
    /// Asks the hospital about one patient, done before `until`.
    async fn verify(&self, patient: &Patient, until: Instant) -> Result<Verdict, Failure>;
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
