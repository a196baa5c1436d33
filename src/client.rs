//! Parties outside of the process: one trait each, and its HTTP implementation. The only place that sees
//! `reqwest`.

pub mod hospital_api;
pub mod hospital_health;
pub mod tls;

/// Why a client cannot be built. The texts never hold the address, for it may carry credentials.
#[derive(Debug, thiserror::Error)]
pub enum ClientBuildError {
    /// The address cannot be called.
    #[error("not an address that can be called: {0}")]
    Address(String),
    /// The HTTP client cannot be set up, for instance because the machine has no certificate authorities.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
}
