//! Health: `liveness` says that the process runs and nothing else; the empty name and the service's own say
//! whether batches can be processed now, and follow the store. `hospital/CODE` says whether a hospital's API works, as
//! far as its last calls tell; a service whose hospitals are down is ready all the same, for it answers so at once.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic_health::{
    ServingStatus,
    pb::health_server::{Health, HealthServer},
    server::HealthReporter,
};
use tracing::{info, warn};

use super::SERVICE_NAME;
use crate::svc::ServiceContext;

/// The health name that never depends on anything outside of the process.
const LIVENESS: &str = "liveness";
/// The health names that say whether batches can be processed.
const READINESS: [&str; 2] = ["", SERVICE_NAME];

/// How often the store is asked for a sign of life.
const PING_INTERVAL: Duration = Duration::from_secs(1);
/// How many pings must fail in a row before the service says that it is not ready.
const MAX_MISSED_PINGS: u32 = 2;
/// First and longest pause between two tries to prepare the store at the start.
const PREPARE_PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Keeps the health names true.
pub struct Readiness {
    reporter: HealthReporter,
    svc: Arc<ServiceContext>,
}

impl Readiness {
    /// Alive, and not ready yet. All names are known from the start: a watch on an unknown one would end.
    pub async fn new(svc: Arc<ServiceContext>) -> Self {
        let readiness = Self { reporter: HealthReporter::new(), svc };
        readiness.reporter.set_service_status(LIVENESS, ServingStatus::Serving).await;
        readiness.set(ServingStatus::NotServing).await;
        for (name, works) in readiness.hospitals() {
            set_hospital(&readiness.reporter, &name, *works.borrow()).await;
        }
        readiness
    }

    pub(super) fn service(&self) -> HealthServer<impl Health> {
        HealthServer::new(tonic_health::server::HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// Prepares the store, says ready, and follows the store until `stop`; then says not ready.
    pub async fn follow(self, stop: CancellationToken) {
        // Dropping them ends them.
        let mut following: JoinSet<()> = self
            .hospitals()
            .map(|(name, works)| follow_hospital(self.reporter.clone(), name, works))
            .collect();
        if stop.run_until_cancelled(self.prepare_store()).await.is_some() {
            self.set(ServingStatus::Serving).await;
            info!("ready");
            stop.run_until_cancelled(self.follow_store()).await;
        }
        following.shutdown().await;
        self.set(ServingStatus::NotServing).await;
    }

    /// The hospitals that are called, by their health names.
    fn hospitals(&self) -> impl Iterator<Item = (String, watch::Receiver<bool>)> {
        self.svc.hospitals.iter().filter_map(|(code, hospital)| {
            Some((format!("hospital/{code}"), hospital.verification.as_ref()?.health.watch_availability()))
        })
    }

    /// Migrates the store, again and again until it works.
    async fn prepare_store(&self) {
        let mut pause = PREPARE_PAUSE.0;
        while let Err(error) = self.svc.store.migrate().await {
            warn!(%error, retry_ms = pause.as_millis() as u64, "the store is not ready");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PREPARE_PAUSE.1);
        }
    }

    async fn follow_store(&self) {
        let mut misses = 0;
        loop {
            tokio::time::sleep(PING_INTERVAL).await;
            match self.svc.store.ping().await {
                Ok(()) if misses >= MAX_MISSED_PINGS => {
                    info!("ready again");
                    self.set(ServingStatus::Serving).await;
                    misses = 0;
                }
                Ok(()) => misses = 0,
                Err(error) => {
                    misses += 1;
                    if misses == MAX_MISSED_PINGS {
                        warn!(%error, "not ready: the store does not work");
                        self.set(ServingStatus::NotServing).await;
                    }
                }
            }
        }
    }

    async fn set(&self, status: ServingStatus) {
        for name in READINESS {
            self.reporter.set_service_status(name, status).await;
        }
    }
}

/// Keeps a hospital's health name true, until it is dropped.
async fn follow_hospital(reporter: HealthReporter, name: String, mut works: watch::Receiver<bool>) {
    // An error would mean that the hospital's guard is gone, and then nobody calls it any more.
    while works.changed().await.is_ok() {
        let works = *works.borrow_and_update();
        set_hospital(&reporter, &name, works).await;
    }
}

async fn set_hospital(reporter: &HealthReporter, name: &str, works: bool) {
    let status = if works { ServingStatus::Serving } else { ServingStatus::NotServing };
    reporter.set_service_status(name, status).await;
}
