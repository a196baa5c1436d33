//! The TLS provider of the process.

use rustls::crypto::{CryptoProvider, ring};

/// Makes *ring* the process's TLS provider, unless it has one.
pub fn install_provider() {
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread has installed it.
        let _ = ring::default_provider().install_default();
    }
}
