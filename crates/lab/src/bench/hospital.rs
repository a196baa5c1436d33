//! The simulated hospital as a process of its own.

use std::{net::SocketAddr, path::Path, time::Duration};

use dataprocessing::cli::CommandError;
use reqwest::Client;
use serde::Deserialize;

use super::child::Child;

/// A running `simulate`.
pub(super) struct HospitalProcess {
    _child: Child,
    address: SocketAddr,
    client: Client,
}

/// A part of its statistics.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct HospitalCounts {
    pub calls: u64,
    pub in_flight: u64,
}

impl HospitalProcess {
    /// Starts a hospital with a latency.
    pub(super) async fn start(latency: Duration, directory: &Path) -> Result<Self, CommandError> {
        let latency = humantime::format_duration(latency).to_string();
        let arguments = ["simulate", "--listen", "127.0.0.1:0", "--latency", &latency];
        let mut child = Child::start(&arguments, &[], directory)?;
        let address = child.wait_for_line(|line| {
            line.trim().strip_prefix("GET  http://")?.strip_suffix("/stats")?.parse().ok()
        });
        let address = address.await?;
        Ok(Self { _child: child, address, client: client(1)? })
    }

    pub(super) fn verify_url(&self) -> String {
        format!("http://{}/verify", self.address)
    }

    pub(super) async fn counts(&self) -> Result<HospitalCounts, CommandError> {
        let url = format!("http://{}/stats", self.address);
        let answer = self.client.get(url).send().await?.error_for_status()?.bytes().await?;
        Ok(serde_json::from_slice(&answer)?)
    }
}

/// A plain HTTP/1.1 client that keeps up to this many connections.
pub(super) fn client(connections: usize) -> Result<Client, CommandError> {
    // An error means that the process has a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .http1_only()
        .tcp_nodelay(true)
        .pool_max_idle_per_host(connections)
        .no_proxy()
        .tls_certs_only([])
        .build()?;
    Ok(client)
}
