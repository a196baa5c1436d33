//! The service as a process of its own, with its database and its hospitals behind proxies.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use dataprocessing::server::pb::{BatchProcessResponse, data_processing_client::DataProcessingClient};
use hospital_sim::{self, FaultRates, Simulator};
use tempfile::TempDir;
use tokio::task::{JoinHandle, block_in_place};
use tonic::{Request, Status, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::{
    batch::{Batch, Key},
    books::Books,
    finding::Balance,
    proxy::Proxy,
    support::{
        eventually,
        postgres::PostgresServer,
        process::{ServiceProcess, binary},
    },
};

mod database;

pub(crate) use database::Database;

/// How long a batch may write its last outcomes after it has answered.
const LAST_WORDS: Duration = Duration::from_secs(6);

/// How a rig is set up.
pub(crate) struct Setup {
    pub engine: Engine,
    pub hospitals: Vec<Site>,
    /// Sections of the configuration, as YAML.
    pub settings: &'static str,
}

/// Where patients are stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A hospital of a rig.
pub(crate) struct Site {
    pub code: &'static str,
    /// How long its API takes.
    pub latency: Duration,
    /// What goes wrong by chance, as the simulator's command line takes it; empty for nothing.
    pub faults: &'static str,
    /// What its profile says of its API, but for the URL.
    pub verify: &'static str,
}

impl Site {
    /// A sound hospital that answers after 5 ms.
    pub(crate) fn sound(code: &'static str) -> Self {
        Self { code, latency: Duration::from_millis(5), faults: "", verify: "max_in_flight: 50" }
    }
}

impl Setup {
    /// One hospital, `north`, that answers after 5 ms.
    pub(crate) fn with(engine: Engine) -> Self {
        Self { engine, hospitals: vec![Site::sound("north")], settings: "" }
    }
}

/// Everything that a scenario needs. Dropping it takes it all down.
pub(crate) struct Rig {
    // First, so that the service goes before what it depends on.
    running: Option<Running>,
    pub hospitals: Vec<Hospital>,
    pub database: Database,
    books: Arc<Books>,
    config: PathBuf,
    directory: TempDir,
}

/// A simulated hospital and the way to it.
pub(crate) struct Hospital {
    pub code: &'static str,
    pub simulator: Simulator,
    pub proxy: Proxy,
}

/// The service's process and a channel to it.
struct Running {
    process: ServiceProcess,
    channel: Channel,
}

/// An answer, and how long it took by the caller's clock.
pub(crate) type Answered = (Result<BatchProcessResponse, Status>, Duration);

/// A call that is on its way.
pub(crate) type Launched = JoinHandle<Answered>;

/// Sends batches and keeps the books.
#[derive(Clone)]
pub(crate) struct Caller {
    channel: Channel,
    books: Arc<Books>,
}

impl Rig {
    /// Starts everything and waits until the service is ready.
    pub(crate) async fn start(setup: Setup) -> Self {
        let mut rig = Self::build(setup).await;
        rig.boot().await;
        rig.ready().await;
        rig
    }

    /// Starts everything but the service.
    pub(crate) async fn build(setup: Setup) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database = match setup.engine {
            Engine::Sqlite => Database::sqlite(directory.path()),
            Engine::Postgres => Database::postgres(block_in_place(PostgresServer::start)).await,
        };
        let mut hospitals = Vec::new();
        for site in &setup.hospitals {
            hospitals.push(Hospital::start(site).await);
        }
        let config = directory.path().join("dataprocessing.yaml");
        write_profiles(&directory, &setup.hospitals, &hospitals);
        let url = database.service_url();
        let settings = setup.settings;
        let text = format!("hospitals: {{dir: hospitals}}\nstore: {{url: \"{url}\"}}\n{settings}\n");
        fs::write(&config, text).expect("a configuration");
        Self { running: None, hospitals, database, books: Arc::default(), config, directory }
    }

    /// Starts the service, which need not be ready.
    pub(crate) async fn boot(&mut self) {
        self.boot_by(binary()).await;
    }

    /// The same by a command that ends in the service.
    pub(crate) async fn boot_by(&mut self, mut command: Command) {
        // A result larger than clients usually take would be cut short, and every result is checked.
        command.env("DATAPROCESSING__SERVER__MAX_RESPONSE_SIZE", "64MiB");
        let process = block_in_place(|| ServiceProcess::start(command, &self.config));
        let channel = process.channel().await;
        self.running = Some(Running { process, channel });
    }

    /// Kills the service, as an out-of-memory killer would.
    pub(crate) fn kill(&mut self) {
        self.signal("KILL");
        self.running = None;
    }

    /// Waits until the service has ended by itself, and well.
    pub(crate) async fn ended(&mut self) {
        let Running { process, .. } = self.running.take().expect("the service runs");
        let status = process.ended_within(Duration::from_secs(30)).await;
        assert!(status.success(), "{status}");
    }

    pub(crate) fn signal(&self, name: &str) {
        self.running().process.signal(name);
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the service runs")
    }

    /// The service's number in the system.
    pub(crate) fn process_id(&self) -> u32 {
        self.running().process.id()
    }

    /// Where a scenario may put files of its own.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The codes of the hospitals.
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        self.hospitals.iter().map(|hospital| hospital.code).collect()
    }

    pub(crate) fn caller(&self) -> Caller {
        Caller { channel: self.running().channel.clone(), books: Arc::clone(&self.books) }
    }

    /// Sends a batch in a task of its own and waits until its hospitals have been asked so often.
    pub(crate) async fn launch(&self, batch: &Batch, timeout: Option<Duration>, calls: u64) -> Launched {
        let before = self.calls();
        let (caller, sent) = (self.caller(), batch.clone());
        let call = tokio::spawn(async move { caller.send_timed(&sent, timeout).await });
        eventually("the batch is in the middle", async || self.calls() >= before + calls).await;
        call
    }

    /// Verifications that the hospitals were asked for so far.
    pub(crate) fn calls(&self) -> u64 {
        self.hospitals.iter().map(|hospital| hospital.simulator.stats().calls).sum()
    }

    /// What the service says of its readiness.
    pub(crate) async fn health(&self) -> String {
        health(self.running().channel.clone(), "").await
    }

    /// What it says of a hospital.
    pub(crate) async fn hospital_health(&self, code: &str) -> String {
        health(self.running().channel.clone(), &format!("hospital/{code}")).await
    }

    /// Waits until the service is ready. Answers how long that took.
    pub(crate) async fn ready(&self) -> Duration {
        let started = Instant::now();
        eventually("the service is ready", async || self.health().await == "SERVING").await;
        started.elapsed()
    }

    /// Waits until the service says that it is not ready.
    pub(crate) async fn not_ready(&self) {
        eventually("the service is not ready", async || self.health().await == "NOT_SERVING").await;
    }

    /// Memory that the service has in use, in MiB.
    pub(crate) fn resident_mib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process_id()));
        let status = status.expect("the service runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line of memory");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib / 1024
    }

    /// What callers were told, held against the database and the hospitals.
    pub(crate) async fn balance(&self) -> Balance {
        let patience = Instant::now() + LAST_WORDS;
        let shelf = loop {
            let shelf = self.database.shelf().await;
            let disagreements = self.books.disagreements(&shelf);
            if disagreements.is_empty() {
                break shelf;
            }
            let first = disagreements.first();
            assert!(Instant::now() < patience, "{} disagree, {first:?}", disagreements.len());
        };
        self.books.balance(&shelf, |key| self.was_asked(key))
    }

    /// Whether a patient's hospital was asked about them, as far as it remembers: a long run has more patients than it
    /// keeps in mind.
    fn was_asked(&self, key: &Key) -> bool {
        let forgets = |hospital: &Hospital| {
            hospital.simulator.stats().repeats.is_some_and(|repeats| repeats.forgotten_calls > 0)
        };
        self.calls_of(key) > 0 || self.hospitals.iter().any(forgets)
    }

    /// How often a patient's hospital was asked about them.
    pub(crate) fn calls_of(&self, key: &Key) -> u32 {
        let hospital = self.hospitals.iter().find(|hospital| hospital.code == key.hospital);
        hospital.map_or(0, |hospital| hospital.simulator.calls_of(&key.patient_id))
    }

    /// Ends the service, which must leave nothing open, then everything else. Answers its log.
    pub(crate) async fn end(mut self) -> String {
        let Running { process, .. } = self.running.take().expect("the service runs");
        process.signal("TERM");
        let log = tokio::time::timeout(Duration::from_secs(40), process.log_until_the_end());
        let log = log.await.expect("the service ends");
        for hospital in self.hospitals {
            assert_eq!(hospital.simulator.stats().in_flight, 0, "no call is left");
            hospital.proxy.stop().await;
            hospital.simulator.stop().await.expect("the simulator ends");
        }
        self.database.stop().await;
        log
    }
}

impl Hospital {
    async fn start(site: &Site) -> Self {
        let faults = if site.faults.is_empty() { Ok(FaultRates::default()) } else { site.faults.parse() };
        let faults = faults.expect("faults that the simulator knows");
        let config = hospital_sim::SimulatorConfig {
            latency: site.latency,
            faults,
            track: true,
            ..hospital_sim::SimulatorConfig::default()
        };
        let simulator = Simulator::start(config).await.expect("a free port");
        let proxy = Proxy::start(simulator.local_addr()).await;
        Self { code: site.code, simulator, proxy }
    }
}

impl Caller {
    /// Sends a batch, checks that the answer is whole, and takes it into the books.
    pub(crate) async fn send(
        &self,
        batch: &Batch,
        timeout: Option<Duration>,
    ) -> Result<BatchProcessResponse, Status> {
        self.send_timed(batch, timeout).await.0
    }

    /// The same, and how long it took by the caller's clock.
    pub(crate) async fn send_timed(&self, batch: &Batch, timeout: Option<Duration>) -> Answered {
        let mut request = Request::new(batch.request.clone());
        timeout.into_iter().for_each(|timeout| request.set_timeout(timeout));
        let mut client =
            DataProcessingClient::new(self.channel.clone()).max_decoding_message_size(usize::MAX);
        self.books.open(batch);
        let started = Instant::now();
        let answer = client.batch_process(request).await.map(tonic::Response::into_inner);
        let took = started.elapsed();
        self.books.close(batch, &answer);
        (answer, took)
    }

    /// Sends a batch again and again until each of its records was stored. Answers how often that was.
    pub(crate) async fn complete(&self, batch: &Batch) -> u32 {
        let mut sent = 0;
        eventually("a batch that is sent again is stored as a whole", async || {
            sent += 1;
            // Whatever the answer is, the books have it.
            let _ = self.send(batch, None).await;
            self.books.all_stored(batch)
        })
        .await;
        sent
    }

    /// How long the service takes to say how it is.
    pub(crate) async fn health_latency(&self) -> Duration {
        let started = Instant::now();
        assert_eq!(health(self.channel.clone(), "").await, "SERVING");
        started.elapsed()
    }
}

async fn health(channel: Channel, name: &str) -> String {
    let asked = HealthCheckRequest { service: name.to_owned() };
    match HealthClient::new(channel).check(asked).await {
        Ok(response) => response.into_inner().status().as_str_name().to_owned(),
        Err(status) => status.code().to_string(),
    }
}

/// The shipped profile of `febrl` for each hospital, with an API of its own.
fn write_profiles(directory: &TempDir, sites: &[Site], hospitals: &[Hospital]) {
    let shipped = fs::read_to_string("etc/hospitals/febrl.yaml").expect("the shipped profile");
    let (mapping, rest) = shipped.split_once("\nverify:\n").expect("it has an API");
    let (_, samples) = rest.split_once("\nsamples:\n").expect("and samples");
    let profiles = directory.path().join("hospitals");
    fs::create_dir(&profiles).expect("a fresh directory");
    for (site, hospital) in sites.iter().zip(hospitals) {
        let url = format!("http://{}/verify", hospital.proxy.local_addr());
        let verify = format!("url: {url}, {}", site.verify);
        let profile = format!("{mapping}\nverify: {{{verify}}}\nsamples:\n{samples}");
        fs::write(profiles.join(format!("{}.yaml", site.code)), profile).expect("a profile");
    }
}

/// The address in a URL of a database.
fn address_of(url: &str) -> SocketAddr {
    let (_, address) = url.split_once('@').expect("it names its user");
    let (address, _) = address.split_once('/').expect("it names its database");
    address.parse().expect("an address")
}
