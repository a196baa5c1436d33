//! `demo`: the real service, a simulated hospital and a real gRPC client in one process, and a report of the outcomes.

use std::{
    collections::HashMap, convert::Infallible, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration,
};

use clap::Args;
use cleaning::profile::Profile;
use dataprocessing::{
    app::{App, AppError},
    cli::{CommandError, print_line},
    config::Config,
    shutdown, telemetry,
};
use hospital_sim::{Simulator, SimulatorConfig};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::{runtime::Runtime, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::traffic::{at_least_one, connect::connect, records::SourceRecords, unary};
use report::DemoReport;

mod report;

/// A request to try the service with by hand.
const EXAMPLE: &str = r#"{"resultView": "RESULT_VIEW_ALL", "dataList": [{"id": "1", "hospitalCode": "febrl", "rawJson": "{\"rec_id\": \"rec-1\", \"given_name\": \"lachlan\", \"surname\": \"berry\", \"date_of_birth\": \"19990219\", \"soc_sec_id\": \"7364009\"}"}]}"#;

/// The time between two updates of the progress bar.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

#[derive(Args)]
pub(super) struct Arguments {
    /// The number of records to send. The input is truncated or repeated; repeats have patient ids of their own.
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = at_least_one)]
    records: usize,
    /// The records to send: `.ndjson` with one PatientData in proto3 JSON per line, or `.csv` whose rows become JSON
    /// objects [default: synthetic persons with realistic errors (FEBRL)].
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// The hospital of the rows of a `.csv`.
    #[arg(long, default_value = "febrl", value_name = "CODE")]
    hospital: String,
    /// A directory of hospital profiles [default: the shipped ones].
    #[arg(long, value_name = "DIR")]
    hospitals: Option<PathBuf>,
    /// The latency of the simulated hospital.
    #[arg(long, default_value = "50ms", value_parser = humantime::parse_duration, value_name = "DURATION")]
    latency: Duration,
    /// The number of workers, and of concurrent calls to the hospital [default: 50 workers, and the limit in the profile
    /// of the hospital].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    workers: Option<usize>,
    /// The store to write to [default: a temporary SQLite file].
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Keep the service running afterwards and print a grpcurl command to try.
    #[arg(long)]
    keep: bool,
    /// Print only one JSON object.
    #[arg(long)]
    json: bool,
}

struct RunningDemo {
    simulator: Simulator,
    hospital_runtime: HospitalRuntime,
    server: AbortOnDropHandle<Result<(), AppError>>,
    stop: CancellationToken,
    address: SocketAddr,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), CommandError> {
    let directory = tempfile::tempdir()?;
    let profiles = profiles(&arguments)?;
    let records = match &arguments.input {
        None => SourceRecords::synthetic(&profiles),
        Some(path) => SourceRecords::from_file(path, &arguments.hospital, &profiles)?,
    };
    let records = records.range(0..arguments.records);
    let config = config(&arguments, directory.path().join("demo.db").display())?;
    telemetry::start(&telemetry::LogConfig { level: "warn".to_owned(), format: telemetry::LogFormat::Text });

    let running = start(&arguments, &config, profiles).await?;
    let mut client = connect(running.address).await?;
    let bar = progress_bar(records.len(), arguments.json);
    let uploaded = tokio::select! {
        uploaded = unary::send(&mut client, records, &config.server) => uploaded?,
        never = show_progress(&bar, &running.simulator) => match never {},
    };
    bar.finish_and_clear();

    let stats = running.simulator.stats();
    let report = DemoReport::new(&uploaded, stats, arguments.latency, config.pool.workers);
    if arguments.json {
        print_line(report.json());
    } else {
        print_line(&report);
    }
    if arguments.keep {
        keep(&running, &arguments).await?;
    }
    running.end().await
}

impl RunningDemo {
    async fn end(self) -> Result<(), CommandError> {
        self.stop.cancel();
        self.server.await??;
        self.simulator.stop().await?;
        drop(self.hospital_runtime);
        Ok(())
    }
}

async fn start(
    arguments: &Arguments,
    config: &Config,
    profiles: HashMap<Arc<str>, Arc<Profile>>,
) -> Result<RunningDemo, CommandError> {
    let latency = arguments.latency;
    let hospital_runtime = HospitalRuntime::new()?;
    let simulator = hospital_runtime
        .spawn(Simulator::start(SimulatorConfig {
            listen: loopback(),
            latency,
            ..SimulatorConfig::default()
        }))
        .await??;
    let url = format!("http://{}/verify", simulator.local_addr());
    let profiles = profiles
        .into_iter()
        .map(|(code, profile)| (code, Arc::new(profile.verified_at(&url, arguments.workers))))
        .collect();
    let app = App::build(config, profiles).await?;
    let (address, stop) = (app.local_addr(), CancellationToken::new());
    let server = AbortOnDropHandle::new(tokio::spawn(app.run(stop.clone().cancelled_owned())));
    Ok(RunningDemo { simulator, hospital_runtime, server, stop, address })
}

/// A runtime of the simulated hospital alone, whose timers must not wait for the workers of the service.
struct HospitalRuntime(Option<Runtime>);

impl HospitalRuntime {
    fn new() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    fn spawn<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.0.as_ref().expect("present until the drop").spawn(future)
    }
}

impl Drop for HospitalRuntime {
    fn drop(&mut self) {
        // Dropping a runtime may block, which is not allowed within another runtime.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// The shipped configuration with the few values that the demo changes.
fn config(arguments: &Arguments, file: impl std::fmt::Display) -> Result<Config, CommandError> {
    let mut config = Config::shipped();
    config.server.listen = loopback();
    config.pool.workers = arguments.workers.unwrap_or(config.pool.workers);
    config.store.url = match &arguments.database_url {
        Some(url) => url.as_str().into(),
        None => format!("sqlite://{file}").into(),
    };
    // Long enough for the whole batch, even if the profile leaves half of the workers to other hospitals: the demo shows
    // the speed of the whole batch.
    let rounds = config.server.max_records.min(arguments.records).div_ceil(config.pool.workers);
    let ideal = arguments.latency * u32::try_from(rounds)?;
    config.server.timeout += ideal * 4;
    Ok(config)
}

fn profiles(arguments: &Arguments) -> Result<HashMap<Arc<str>, Arc<Profile>>, CommandError> {
    Ok(match &arguments.hospitals {
        Some(directory) => profiles::load_directory(directory)?,
        None => profiles::shipped(),
    })
}

fn progress_bar(records: usize, hidden: bool) -> ProgressBar {
    if hidden {
        return ProgressBar::hidden();
    }
    let style = "{bar:40} {pos:>6} of {len} records checked in {elapsed}";
    let style = ProgressStyle::with_template(style).expect("the template is valid");
    ProgressBar::new(records as u64).with_style(style)
}

async fn show_progress(bar: &ProgressBar, simulator: &Simulator) -> Infallible {
    loop {
        tokio::time::sleep(PROGRESS_INTERVAL).await;
        bar.set_position(simulator.stats().calls);
    }
}

async fn keep(running: &RunningDemo, arguments: &Arguments) -> Result<(), CommandError> {
    let address = running.address;
    let shutdown = shutdown::on_signal()?;
    if !arguments.json {
        print_line(format_args!(
            "\nThe service keeps running; stop it with Ctrl-C. Try:\n  grpcurl -plaintext -d '{}' {address} \
             dataprocessing.v1.DataProcessing/BatchProcess",
            EXAMPLE
        ));
    }
    shutdown.await;
    Ok(())
}
