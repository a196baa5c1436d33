//! The cryptography behind TLS, which the process chooses once.

use rustls::crypto::{CryptoProvider, ring};

/// Makes *ring* the process's TLS provider, unless it has one. Any number of calls are the same as one.
pub fn install_provider() {
    if CryptoProvider::get_default().is_none() {
        // An error says that another thread was faster, which is as good.
        let _ = ring::default_provider().install_default();
    }
}
