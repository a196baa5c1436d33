//! `bench`: measures the speed of the service on this machine. The hospital and the service are processes of their own, so
//! that CPU time and memory of the service are measured alone; this process is the client.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use dataprocessing::{
    cli::{CommandError, print_line, table::aligned},
    shutdown,
};
use indicatif::ProgressBar;

use crate::traffic::{at_least_one, records::SourceRecords};
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

#[derive(Args)]
pub(super) struct Arguments {
    /// A scenario to run; may be given more than once [default: those that take about three minutes in all].
    #[arg(long, value_name = "NAME")]
    scenario: Vec<Scenario>,
    /// Run every scenario at its full size.
    #[arg(long, conflicts_with = "scenario")]
    all: bool,
    /// The number of records in each scenario [default: that of the scenario].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    records: Option<usize>,
    /// The number of patients that are in the store before `big-store` starts.
    #[arg(long, value_name = "N", default_value_t = 5_000_000)]
    patients: usize,
    /// Where stores are created and removed: postgres://... of a database whose user may create others, or
    /// sqlite://DIRECTORY [default: SQLite in the directory for temporary files].
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Print only JSON, one object for each measurement.
    #[arg(long)]
    json: bool,
    /// Write a plot of the scenario `stream` over time, as SVG.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

/// State that the scenarios share.
struct Bench {
    records: Arc<SourceRecords>,
    stores: Stores,
    /// The option --records.
    record_count: Option<usize>,
    full: bool,
    patients: usize,
    /// Calls per second without the service, once measured.
    ceiling: Option<f64>,
    /// The timeline of `stream`, once measured.
    timeline: Option<StreamTimeline>,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), CommandError> {
    let shutdown = shutdown::on_signal()?;
    let mut bench = Bench {
        records: Arc::new(SourceRecords::synthetic(&profiles::shipped())),
        stores: Stores::new(arguments.store.as_deref())?,
        record_count: arguments.records,
        full: arguments.all,
        patients: arguments.patients,
        ceiling: None,
        timeline: None,
    };
    // The branch that loses is dropped, and with it every child process.
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
        print_line("\nThis is a debug build. Build with --release for meaningful numbers.");
    }
    if !cfg!(target_os = "linux") {
        print_line(
            "\nCPU time and memory are not available on this system: they are read from Linux's /proc.",
        );
    }
}

impl Bench {
    /// The number of records that a scenario sends.
    fn count(&self, default: usize) -> usize {
        self.record_count.unwrap_or(default)
    }
}
