//! Health. `liveness` says that the process runs. The empty name and the service's name say whether batches can be
//! processed, and follow the store. `hospital/CODE` says whether a hospital's API works, judged by its last calls; the
//! service stays ready while hospitals are down, because it then answers at once.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic_health::{
    ServingStatus,
    pb::health_server::{Health, HealthServer},
    server::HealthReporter,
};
use tracing::{info, warn};

use super::methods::SERVICE_NAME;
use crate::svc::ServiceContext;

/// The health name that never depends on anything outside of the process.
const LIVENESS: &str = "liveness";
/// The health names that say whether batches can be processed.
const READINESS: [&str; 2] = ["", SERVICE_NAME];

/// How often the store is pinged.
const PING_INTERVAL: Duration = Duration::from_secs(1);
/// How many pings in a row must fail before the service is not ready.
const MAX_MISSED_PINGS: u32 = 2;
/// Pauses between two tries to prepare the store at the start.
const MIN_PREPARE_PAUSE: Duration = Duration::from_millis(200);
const MAX_PREPARE_PAUSE: Duration = Duration::from_secs(5);

/// Keeps the health statuses up to date.
pub struct Readiness {
    reporter: HealthReporter,
    svc: Arc<ServiceContext>,
}

impl Readiness {
    /// Alive and not ready yet. All names are registered from the start, because a watch on an unknown one would end.
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

    /// Prepares the store, becomes ready, and follows the store until `stop`; then the service is not ready.
    pub async fn follow(self, stop: CancellationToken) {
        // Dropping the set ends its tasks.
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

    /// The hospitals with an API, by their health names.
    fn hospitals(&self) -> impl Iterator<Item = (String, watch::Receiver<bool>)> {
        self.svc.hospitals.iter().filter_map(|(code, hospital)| {
            Some((format!("hospital/{code}"), hospital.verification.as_ref()?.health.watch_availability()))
        })
    }

    /// Migrates the store; retries until it succeeds.
    async fn prepare_store(&self) {
        let mut pause = MIN_PREPARE_PAUSE;
        while let Err(error) = self.svc.store.migrate().await {
            warn!(%error, retry_ms = pause.as_millis() as u64, "the store is not ready");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MAX_PREPARE_PAUSE);
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

/// Keeps a hospital's health status up to date until the task is dropped.
async fn follow_hospital(reporter: HealthReporter, name: String, mut works: watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it everything that calls the hospital.
    while works.changed().await.is_ok() {
        let works = *works.borrow_and_update();
        set_hospital(&reporter, &name, works).await;
    }
}

async fn set_hospital(reporter: &HealthReporter, name: &str, works: bool) {
    let status = if works { ServingStatus::Serving } else { ServingStatus::NotServing };
    reporter.set_service_status(name, status).await;
}
