//! The service as production starts it, on free ports, with a simulated hospital and a throwaway store.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use cleaning::{
    outcome::Outcome,
    profile::{Profile, VerificationConfig},
};
use dataprocessing::{
    app::App,
    config::Config,
    server::pb::{
        BatchProcessRequest, BatchProcessResponse, Summary, data_processing_client::DataProcessingClient,
    },
    svc::{Hospital, ServiceContext},
};
use hospital_sim::{self, Simulator};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Status, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::eventually;

/// A service that runs.
pub(crate) struct TestService {
    pub svc: Arc<ServiceContext>,
    pub simulator: Simulator,
    pub address: SocketAddr,
    pub channel: Channel,
    pub database_url: String,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
    _directory: tempfile::TempDir,
}

/// What of a service may be turned.
pub(crate) struct Knobs {
    pub config: Config,
    pub latency: Duration,
    /// What else goes wrong at the hospitals; its latency is the one above.
    pub hospital: hospital_sim::SimulatorConfig,
    pub profiles: HashMap<Arc<str>, Arc<Profile>>,
    /// How many calls at once the hospitals are sent.
    pub in_flight: usize,
    /// Whether the test waits until the service is ready.
    pub await_ready: bool,
}

impl Knobs {
    /// Turns how the hospitals' APIs are called.
    pub(crate) fn verify(&mut self, turn: impl Fn(&mut VerificationConfig)) {
        for profile in self.profiles.values_mut() {
            let mut turned = Profile::clone(profile);
            turned.verify.iter_mut().for_each(&turn);
            *profile = Arc::new(turned);
        }
    }
}

impl TestService {
    /// The shipped configuration on free ports and a temporary SQLite file.
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// The same with one knob turned.
    pub(crate) async fn with(turn: impl FnOnce(&mut Knobs)) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut config = Config::shipped();
        config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        config.store.url = url.into();
        let profiles = profiles::shipped();
        let in_flight = config.pool.workers;
        let mut knobs = Knobs {
            config,
            latency: Duration::ZERO,
            hospital: hospital_sim::SimulatorConfig::default(),
            profiles,
            in_flight,
            await_ready: true,
        };
        turn(&mut knobs);
        Self::run(knobs, directory).await
    }

    /// The parts that the calls of this service share, with one hospital in place of the simulated ones and a drain of
    /// its own.
    pub(crate) fn with_hospital(&self, hospital: Hospital) -> Arc<ServiceContext> {
        let svc = &self.svc;
        let hospitals = HashMap::from([(Arc::clone(&hospital.profile.code), Arc::new(hospital))]);
        let (store, pool) = (Arc::clone(&svc.store), Arc::clone(&svc.pool));
        let budget = Arc::clone(&svc.in_flight_budget);
        Arc::new(ServiceContext {
            leases: Arc::clone(&svc.leases),
            tasks: svc.tasks.clone(),
            ..ServiceContext::new(store, hospitals, pool, budget, svc.limits)
        })
    }

    async fn run(knobs: Knobs, directory: tempfile::TempDir) -> Self {
        let Knobs { config, latency, hospital, profiles, in_flight, await_ready } = knobs;
        let simulator = Simulator::start(hospital_sim::SimulatorConfig { latency, ..hospital })
            .await
            .expect("a free port");
        let address = simulator.local_addr();
        let profiles = profiles
            .into_iter()
            .map(|(code, profile)| (code, Arc::new(played(&profile, address, in_flight))))
            .collect();
        let app = App::build(&config, profiles).await.expect("the service builds");
        let (address, svc, shutdown) = (app.local_addr(), app.service_context(), CancellationToken::new());
        let stop = shutdown.clone();
        let running =
            tokio::spawn(async move { app.run(stop.cancelled_owned()).await.expect("the service runs") });
        let channel = Channel::from_shared(format!("http://{address}"))
            .expect("a sound address")
            .connect()
            .await
            .expect("the service listens");
        let database_url = config.store.url.reveal().into_owned();
        let service =
            Self { svc, simulator, address, channel, database_url, shutdown, running, _directory: directory };
        if await_ready {
            eventually("the service is ready", async || service.health("").await == "SERVING").await;
        }
        service
    }

    /// A client that takes messages of any size.
    pub(crate) fn client(&self) -> DataProcessingClient<Channel> {
        DataProcessingClient::new(self.channel.clone()).max_decoding_message_size(usize::MAX)
    }

    /// Sends one batch.
    pub(crate) async fn process(&self, request: BatchProcessRequest) -> Result<BatchProcessResponse, Status> {
        self.client().batch_process(request).await.map(tonic::Response::into_inner)
    }

    /// What a health name says.
    pub(crate) async fn health(&self, service: &str) -> String {
        let mut client = HealthClient::new(self.channel.clone());
        let request = HealthCheckRequest { service: service.to_owned() };
        match client.check(request).await {
            Ok(response) => response.into_inner().status().as_str_name().to_owned(),
            Err(status) => status.code().to_string(),
        }
    }

    /// Asks the service to end, without waiting for it.
    pub(crate) fn shut_down(&self) {
        self.shutdown.cancel();
    }

    /// Waits for the service to end, and checks that it left nothing behind.
    pub(crate) async fn ended(self) {
        self.shutdown.cancel();
        self.running.await.expect("the service ends without a panic");
        assert!(self.svc.tasks.is_empty(), "every batch and writer has ended");
        assert_eq!(self.svc.pool.stats().running, 0, "no job runs any more");
        self.simulator.stop().await.expect("the simulator ends");
    }
}

/// The same hospital whose API, at the same path and with the same answers, is played by the simulator.
fn played(profile: &Profile, simulator: SocketAddr, in_flight: usize) -> Profile {
    let play = |verify: &VerificationConfig| VerificationConfig {
        url: verify.url.replace("127.0.0.1:9100", &simulator.to_string()),
        max_in_flight: Some(in_flight),
        ..verify.clone()
    };
    Profile { verify: profile.verify.as_ref().map(play), ..profile.clone() }
}

/// The outcome counters of a summary, in the order of [`Outcome::ALL`].
pub(crate) fn outcomes(summary: &Summary) -> [u32; Outcome::COUNT] {
    [
        summary.stored,
        summary.unchanged,
        summary.stale,
        summary.superseded,
        summary.valid,
        summary.rejected,
        summary.failed,
        summary.not_attempted,
    ]
}

/// The summary of a response, whose counters add up.
pub(crate) fn balanced(response: &BatchProcessResponse) -> Summary {
    let summary = response.summary.clone().expect("every response has a summary");
    assert_eq!(outcomes(&summary).iter().sum::<u32>(), summary.received, "the counters add up");
    summary
}

/// A simulated hospital on a free port.
pub(crate) async fn simulator(latency: Duration) -> Simulator {
    Simulator::start(hospital_sim::SimulatorConfig { latency, ..hospital_sim::SimulatorConfig::default() })
        .await
        .expect("a free port")
}
