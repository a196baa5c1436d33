//! The service as a process of its own, with a hospital, and a meter of its resources.

use std::{net::SocketAddr, path::Path, time::Duration};

use dataprocessing::{cli::CommandError, model::StoreUrl};
use tempfile::TempDir;
use tokio::time::Instant;

use super::{
    child::Child,
    hospital::HospitalProcess,
    process::{self, ProcessMemory},
};
use crate::traffic::{
    connect::{Client, connect},
    records::SYNTHETIC,
};

/// The profile of the hospital whose records are sent.
const PROFILE: &str = include_str!("../../../../etc/hospitals/febrl.yaml");
/// The parts of the profile that are replaced.
const URL: &str = "http://127.0.0.1:9100/verify";
const IN_FLIGHT: &str = "max_in_flight: 50";

pub(super) struct ServiceSetting {
    /// The latency of the hospital.
    pub latency: Duration,
    /// The number of workers, and of concurrent calls to the hospital.
    pub workers: usize,
    pub store: StoreUrl,
    /// The process of the database server, if its CPU time is measured.
    pub store_process: Option<u32>,
}

/// A running service. Dropping it ends its processes.
pub(super) struct Service {
    // Fields are dropped in this order.
    server: Child,
    pub hospital: HospitalProcess,
    address: SocketAddr,
    store_process: Option<u32>,
    _directory: TempDir,
}

impl Service {
    /// Starts a hospital and a service, which is ready when this returns.
    pub(super) async fn start(setting: ServiceSetting) -> Result<Self, CommandError> {
        let directory = tempfile::tempdir()?;
        let hospital = HospitalProcess::start(setting.latency, directory.path()).await?;
        let profiles = directory.path().join("hospitals");
        std::fs::create_dir(&profiles)?;
        let profile = profile(&hospital.verify_url(), setting.workers);
        std::fs::write(profiles.join(format!("{SYNTHETIC}.yaml")), profile)?;
        let mut server = Child::start(&["serve"], &variables(&setting, &profiles), directory.path())?;
        let address = server.wait_for_line(listening).await?;
        connect(address).await.map_err(|error| format!("{error}\n{}", server.failure()))?;
        let store_process = setting.store_process;
        Ok(Self { server, hospital, address, store_process, _directory: directory })
    }

    /// A client with a connection of its own.
    pub(super) async fn client(&self) -> Result<Client, CommandError> {
        connect(self.address).await
    }

    pub(super) fn memory(&self) -> Option<ProcessMemory> {
        process::memory(self.server.id())
    }

    /// Starts a measurement.
    pub(super) fn meter(&self) -> Meter<'_> {
        let store_cpu = self.store_process.and_then(process::family_cpu);
        Meter { service: self, cpu: process::cpu(self.server.id()), store_cpu, started: Instant::now() }
    }
}

/// The counters at the start of a measurement.
pub(super) struct Meter<'a> {
    service: &'a Service,
    cpu: Option<Duration>,
    store_cpu: Option<Duration>,
    started: Instant,
}

/// The resources that a measurement found; `None` if the system does not count them.
#[derive(Clone, Copy)]
pub(super) struct Usage {
    /// Wall time.
    pub time: Duration,
    /// CPU time of the service alone.
    pub server_cpu: Option<Duration>,
    /// CPU time of the database server.
    pub store_cpu: Option<Duration>,
    /// The maximum memory of the service since its start, in bytes.
    pub peak: Option<u64>,
}

impl Meter<'_> {
    pub(super) fn read(&self) -> Usage {
        let time = self.started.elapsed();
        let since = |now: Option<Duration>, then: Option<Duration>| Some(now?.saturating_sub(then?));
        let service = self.service;
        Usage {
            time,
            server_cpu: since(process::cpu(service.server.id()), self.cpu),
            store_cpu: since(service.store_process.and_then(process::family_cpu), self.store_cpu),
            peak: service.memory().map(|memory| memory.peak),
        }
    }
}

/// The shipped profile for this hospital.
fn profile(url: &str, in_flight: usize) -> String {
    PROFILE.replace(URL, url).replace(IN_FLIGHT, &format!("max_in_flight: {in_flight}"))
}

/// Environment variables, which override a configuration file of the user: their own store is never written to.
fn variables(setting: &ServiceSetting, profiles: &Path) -> [(&'static str, String); 7] {
    [
        ("DATAPROCESSING__SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("DATAPROCESSING__SERVER__TIMEOUT", "1h".to_owned()),
        ("DATAPROCESSING__POOL__WORKERS", setting.workers.to_string()),
        ("DATAPROCESSING__STORE__URL", setting.store.reveal().into_owned()),
        ("DATAPROCESSING__HOSPITALS__DIR", profiles.display().to_string()),
        ("DATAPROCESSING__LOG__LEVEL", "info".to_owned()),
        ("DATAPROCESSING__LOG__FORMAT", "json".to_owned()),
    ]
}

/// The address of the service, if this line of its log has it.
fn listening(line: &str) -> Option<SocketAddr> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    line["address"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_profile_says_what_is_turned() {
        assert_eq!((PROFILE.matches(URL).count(), PROFILE.matches(IN_FLIGHT).count()), (1, 1));
        let turned = profile("http://h/verify", 7);
        assert!(turned.contains("url: http://h/verify") && turned.contains("max_in_flight: 7"));
    }
}
