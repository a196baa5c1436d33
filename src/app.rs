//! The composition root: `Config -> build -> App { local_addr, run(shutdown) }`. Tests and the demo start the same `App`
//! as production.

use std::{collections::HashMap, io, net::SocketAddr, sync::Arc, time::Duration};

use thiserror::Error;
use tokio::time::Instant;
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};
use tracing::{info, warn};

use crate::{
    client::{
        self,
        hospital_api::{HospitalApi, HttpVerificationClient, VerdictCache},
    },
    config::Config,
    logic::{batch::answer_reserve, retention},
    model::{self, StoreError},
    server::{self, Admission, Readiness, Server},
    svc::{BatchLimits, Hospital, InFlightBudget, ServiceContext},
};
use cleaning::{format::phone, profile::Profile};
use worker_pool::{Pool, PoolError};

/// How long connections may take to close once every response has been sent; idle ones are not waited for.
const CLOSE_LIMIT: Duration = Duration::from_millis(200);

/// The service, bound and ready to run.
pub struct App {
    server: Server,
    svc: Arc<ServiceContext>,
    admission: Admission,
    readiness: Readiness,
    drain: server::DrainConfig,
    keep_results: Duration,
    local_addr: SocketAddr,
}

/// Why the service did not start, or ended by itself.
#[derive(Debug, Error)]
pub enum AppError {
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error("hospital {code}: {source}")]
    Client { code: Arc<str>, source: client::ClientBuildError },
    /// The server ended without a shutdown.
    #[error("the server ended: {0}")]
    Server(String),
}

impl App {
    /// Builds the service and binds its address; nothing is served before [`App::run`]. The store may be down: the service
    /// then listens, and is not ready until the store responds.
    pub async fn build(config: &Config, profiles: HashMap<Arc<str>, Arc<Profile>>) -> Result<Self, AppError> {
        phone::warm_up();
        divisions::warm_up();
        // First, because it checks the number of workers, of which every hospital gets a share.
        let pool = Pool::start(&config.pool)?;
        let store = model::open(&config.store)?;
        let hospitals = hospitals(profiles, config.pool.workers)?;
        let budget = InFlightBudget::new(config.server.max_records_in_flight);
        let limits = BatchLimits {
            max_record_size: config.server.max_record_size,
            chunk_rows: config.store.chunk_rows,
            linger: config.store.linger,
            stream_window: config.server.stream_window,
        };
        let svc = Arc::new(ServiceContext::new(store, hospitals, pool, budget, limits));
        let admission = Admission::new(config.server.max_batches, Arc::clone(&svc.in_flight_budget));
        let readiness = Readiness::new(Arc::clone(&svc)).await;
        let listen = |source| AppError::Listen { address: config.server.listen, source };
        let server = Server::bind(&config.server, Arc::clone(&svc), admission.clone(), &readiness).await;
        let server = server.map_err(listen)?;
        let local_addr = server.local_addr().map_err(listen)?;
        let (drain, keep_results) = (config.server.drain, config.store.keep_results);
        Ok(Self { server, svc, admission, readiness, drain, keep_results, local_addr })
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What the calls share, for tests.
    pub fn service_context(&self) -> Arc<ServiceContext> {
        Arc::clone(&self.svc)
    }

    /// Serves until `shutdown`, then drains: reports not ready, refuses new batches, lets running ones end until the drain
    /// limit, and returns once all are answered.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), AppError> {
        let Self { server, svc, admission, readiness, drain, keep_results, local_addr } = self;
        let running = server.running();
        let (closing, stopping) = (CancellationToken::new(), CancellationToken::new());
        let mut serving =
            AbortOnDropHandle::new(tokio::spawn(server.serve(closing.clone().cancelled_owned())));
        let ready = AbortOnDropHandle::new(tokio::spawn(readiness.follow(stopping.clone())));
        let retention_task = retention::run_retention(Arc::clone(&svc), keep_results, stopping.clone());
        let retention_task = AbortOnDropHandle::new(tokio::spawn(retention_task));
        info!(address = %local_addr, "listening");
        tokio::select! {
            ended = &mut serving => return Err(AppError::Server(format!("{ended:?}"))),
            () = shutdown => {}
        }
        stopping.cancel();
        // The panic hook has logged a panic there, which must not keep the process from draining.
        let _ = ready.await;
        tokio::time::sleep(drain.announce).await;
        admission.close();
        let ends_at = Instant::now() + drain.limit;
        end_batches(&svc, &running, drain.limit.saturating_sub(CLOSE_LIMIT)).await;
        closing.cancel();
        let released = async {
            // In either case the server is gone: its connections end with the process.
            let _ = tokio::time::timeout(CLOSE_LIMIT, &mut serving).await;
            svc.pool.close().await;
            // It was stopped above, and ends with its transaction.
            let _ = retention_task.await;
            svc.store.close().await;
        };
        if tokio::time::timeout_at(ends_at, released).await.is_err() {
            warn!("the process ends with connections open");
        }
        log_verdicts(&svc);
        info!("ended");
        Ok(())
    }
}

/// Lets batches end by themselves until the limit is near, then ends them. Waits until their responses are sent, at most
/// until the limit.
async fn end_batches(svc: &ServiceContext, running: &TaskTracker, limit: Duration) {
    let ends_at = Instant::now() + limit;
    svc.tasks.close();
    running.close();
    let all_ended = async {
        svc.tasks.wait().await;
        running.wait().await;
    };
    tokio::pin!(all_ended);
    // Twice: once to settle the batches and once to send their responses.
    let kept = 2 * (answer_reserve(limit) + svc.store.flush_time());
    if tokio::time::timeout(limit.saturating_sub(kept), &mut all_ended).await.is_ok() {
        return;
    }
    info!(batches = running.len(), "the drain limit is near, ending running batches");
    svc.drained.cancel();
    if tokio::time::timeout_at(ends_at, all_ended).await.is_err() {
        warn!(calls = running.len(), tasks = svc.tasks.len(), "the drain limit is reached with work left");
    }
}

/// Logs how many calls the caches of verdicts saved.
fn log_verdicts(svc: &ServiceContext) {
    for (code, hospital) in &svc.hospitals {
        let verdicts = hospital.verification.as_ref().and_then(|api| api.verdict_cache.as_ref());
        if let Some((asked, known)) = verdicts.map(VerdictCache::hits) {
            info!(hospital = %code, asked, known, "verdicts were kept");
        }
    }
}

fn hospitals(
    profiles: HashMap<Arc<str>, Arc<Profile>>,
    workers: usize,
) -> Result<HashMap<Arc<str>, Arc<Hospital>>, AppError> {
    profiles
        .into_iter()
        .map(|(code, profile)| {
            let verification = verification(&profile, workers)
                .map_err(|source| AppError::Client { code: Arc::clone(&code), source })?;
            Ok((code, Arc::new(Hospital { profile, verification })))
        })
        .collect()
}

fn verification(profile: &Profile, workers: usize) -> Result<Option<HospitalApi>, client::ClientBuildError> {
    let Some(verify) = &profile.verify else {
        return Ok(None);
    };
    let in_flight = verify.in_flight(workers);
    let client = Arc::new(HttpVerificationClient::new(verify, in_flight)?);
    Ok(Some(HospitalApi::new(&profile.code, verify, client, in_flight)))
}
