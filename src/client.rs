//! Clients of the hospitals' APIs. The only module of the service that uses `reqwest`.

pub mod hospital_api;
pub mod hospital_health;
pub mod tls;

/// Why a client cannot be built. The texts never contain the address, because it may carry credentials.
#[derive(Debug, thiserror::Error)]
pub enum ClientBuildError {
    #[error("not an address that can be called: {0}")]
    Address(String),
    /// For instance because the machine has no certificate authorities.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
}
