//! `bench`: how fast the service is on this machine. The hospital and the service run as processes of their
//! own, so that what the service uses is its own; this process plays the caller.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use dataprocessing::{
    cli::{CommandError, print_line, table::aligned},
    config, shutdown,
};
use indicatif::ProgressBar;

use crate::traffic::{at_least_one, records::Records};
use measurement::Measurement;
use scenario::Scenario;
use stores::Stores;
use timeline::StreamTimeline;

mod calls;
mod child;
mod hospital;
mod measurement;
mod plot;
mod prefill;
mod process;
mod scenario;
mod service;
mod stores;
mod timeline;

/// What to measure.
#[derive(Args)]
pub(super) struct Arguments {
    /// A scenario to run; may be given more than once [default: those that end within some three minutes].
    #[arg(long, value_name = "NAME")]
    scenario: Vec<Scenario>,
    /// Run every scenario, at its full size.
    #[arg(long, conflicts_with = "scenario")]
    all: bool,
    /// Send so many records in each scenario, instead of as many as it is made for.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    records: Option<usize>,
    /// Patients that the store of `big-store` holds beforehand.
    #[arg(long, value_name = "N", default_value_t = 5_000_000)]
    patients: usize,
    /// Where stores are made and removed: postgres://... of a database whose user may create others, or
    /// sqlite://DIRECTORY [default: SQLite in the directory for temporary files].
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Print one JSON object for each measurement and nothing else.
    #[arg(long)]
    json: bool,
    /// Draw how the scenario `stream` went, as SVG.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

/// What scenarios share.
struct Bench {
    records: Arc<Records>,
    stores: Stores,
    /// How many records were asked for.
    asked: Option<usize>,
    full: bool,
    patients: usize,
    /// Calls in a second without the service, once measured.
    ceiling: Option<f64>,
    /// How the stream went, once measured.
    timeline: Option<StreamTimeline>,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), CommandError> {
    let shutdown = shutdown::on_signal()?;
    let mut bench = Bench {
        records: Arc::new(Records::synthetic(&config::shipped_hospitals())),
        stores: Stores::new(arguments.store.as_deref())?,
        asked: arguments.records,
        full: arguments.all,
        patients: arguments.patients,
        ceiling: None,
        timeline: None,
    };
    // The losing side of the race is dropped, and with it every child process.
    let ended = tokio::select! {
        ended = measure_all(&mut bench, &arguments) => ended,
        () = shutdown => Err("interrupted".into()),
    };
    let removed = bench.stores.remove().await;
    ended.and(removed)
}

async fn measure_all(bench: &mut Bench, arguments: &Arguments) -> Result<(), CommandError> {
    let scenarios = scenario::chosen(&arguments.scenario, arguments.all, arguments.plot.is_some());
    let bar = if arguments.json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    let mut measured = Vec::new();
    for scenario in scenarios {
        bar.set_message(scenario.name());
        bar.tick();
        let found = scenario.run(bench).await.map_err(|error| format!("{}: {error}", scenario.name()))?;
        bench.stores.remove().await?;
        if arguments.json {
            found.iter().for_each(|measurement| print_line(measurement.json()));
        }
        measured.extend(found);
    }
    bar.finish_and_clear();
    if !arguments.json {
        show(bench, &measured);
    }
    if let (Some(file), Some(timeline)) = (&arguments.plot, &bench.timeline) {
        std::fs::write(file, plot::svg(timeline)?).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

fn show(bench: &Bench, measured: &[Measurement]) {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    print_line(format_args!("{}, {cores} cores, all processes on this machine\n", bench.stores.engine()));
    let rows: Vec<_> =
        std::iter::once(measurement::heading()).chain(measured.iter().map(Measurement::row)).collect();
    aligned(&rows).for_each(print_line);
    if cfg!(debug_assertions) {
        print_line("\nThis is a debug build: build with --release for numbers that mean something.");
    }
    if !cfg!(target_os = "linux") {
        print_line(
            "\nCPU time and memory are not available on this system: they are read from Linux's /proc.",
        );
    }
}

impl Bench {
    /// How many records a scenario sends that is made for so many.
    fn count(&self, made_for: usize) -> usize {
        self.asked.unwrap_or(made_for)
    }
}
