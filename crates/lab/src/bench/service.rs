//! The service as a process of its own, with a hospital beside it, and a meter of what it uses.

use std::{net::SocketAddr, path::Path, time::Duration};

use dataprocessing::{cli::CommandError, model::StoreUrl};
use tempfile::TempDir;
use tokio::time::Instant;

use super::{
    child::Child,
    hospital::Hospital,
    process::{self, Memory},
};
use crate::traffic::{
    connect::{Client, connect},
    records::SYNTHETIC,
};

/// The profile of the hospital whose records are sent.
const PROFILE: &str = include_str!("../../../../etc/hospitals/febrl.yaml");
/// What in it depends on where the hospital is and on how many calls it takes.
const URL: &str = "http://127.0.0.1:9100/verify";
const IN_FLIGHT: &str = "max_in_flight: 50";

/// How a service and its hospital are set up.
pub(super) struct Setting {
    /// How long the hospital takes for an answer.
    pub latency: Duration,
    /// Workers, and calls that the hospital takes at once.
    pub workers: usize,
    /// Where patients are stored.
    pub store: StoreUrl,
    /// The process of the database server, if its CPU time is to be counted.
    pub store_process: Option<u32>,
}

/// A running service. Dropping it ends its processes.
pub(super) struct Service {
    // In the order in which they end.
    server: Child,
    /// The hospital that it calls.
    pub hospital: Hospital,
    address: SocketAddr,
    store_process: Option<u32>,
    _directory: TempDir,
}

impl Service {
    /// Starts a hospital and a service, which is ready when this returns.
    pub(super) async fn start(setting: Setting) -> Result<Self, CommandError> {
        let directory = tempfile::tempdir()?;
        let hospital = Hospital::start(setting.latency, directory.path()).await?;
        let profiles = directory.path().join("hospitals");
        std::fs::create_dir(&profiles)?;
        let profile = profile(&hospital.verify_url(), setting.workers);
        std::fs::write(profiles.join(format!("{SYNTHETIC}.yaml")), profile)?;
        let mut server = Child::start(&["serve"], &variables(&setting, &profiles), directory.path())?;
        let address = server.says(listening).await?;
        connect(address).await.map_err(|error| format!("{error}\n{}", server.failure()))?;
        let store_process = setting.store_process;
        Ok(Self { server, hospital, address, store_process, _directory: directory })
    }

    /// A connection of its own.
    pub(super) async fn client(&self) -> Result<Client, CommandError> {
        connect(self.address).await
    }

    /// What the service's process has in memory.
    pub(super) fn memory(&self) -> Option<Memory> {
        process::memory(self.server.id())
    }

    /// Starts to measure.
    pub(super) fn meter(&self) -> Meter<'_> {
        let store_cpu = self.store_process.and_then(process::family_cpu);
        Meter { service: self, cpu: process::cpu(self.server.id()), store_cpu, started: Instant::now() }
    }
}

/// What was counted when a measurement began.
pub(super) struct Meter<'a> {
    service: &'a Service,
    cpu: Option<Duration>,
    store_cpu: Option<Duration>,
    started: Instant,
}

/// What a measurement found. What the system does not count is not there.
#[derive(Clone, Copy)]
pub(super) struct Usage {
    /// From its begin to its end.
    pub time: Duration,
    /// CPU time of the service alone.
    pub server_cpu: Option<Duration>,
    /// CPU time of the database server.
    pub store_cpu: Option<Duration>,
    /// The most memory of the service since it started, in bytes.
    pub peak: Option<u64>,
}

impl Meter<'_> {
    /// Ends the measurement.
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

/// The shipped profile, turned to this hospital.
fn profile(url: &str, in_flight: usize) -> String {
    PROFILE.replace(URL, url).replace(IN_FLIGHT, &format!("max_in_flight: {in_flight}"))
}

/// Variables, for they win over whatever else the environment says: nobody's own store is ever written to.
fn variables(setting: &Setting, profiles: &Path) -> [(&'static str, String); 7] {
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

/// Where the service listens, if a line of its log says so.
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
