//! The scenarios, by name.

use std::{ops::Range, time::Duration};

use clap::ValueEnum;
use dataprocessing::{
    cli::CommandError,
    server::pb::{BatchProcessResponse, PatientData, Summary},
};

use super::{
    Bench,
    measurement::Measurement,
    service::{Service, ServiceSetting},
};
use crate::traffic::{connect::Client, unary};

mod big_store;
mod callers;
mod ceiling;
mod fairness;
mod latency;
mod overhead;
mod stream;

/// Records in one unary call, unless the scenario says otherwise.
const BATCH: usize = 10_000;
/// Workers, unless the scenario says otherwise.
const WORKERS: usize = 50;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Scenario {
    /// 10,000 records, a hospital latency of 50 ms, 50 workers; compared with the ideal.
    #[value(name = "latency-50")]
    Latency50,
    /// 10,000 records, a hospital latency of 50 ms, 200 workers; compared with the ideal.
    #[value(name = "latency-50x200")]
    Latency50x200,
    /// 10,000 records, a hospital latency of 50 ms, 1,000 workers; compared with the ideal.
    #[value(name = "latency-50x1000")]
    Latency50x1000,
    /// 50,000 plain HTTP calls without the service, 50 of them at once.
    Ceiling,
    /// 50,000 records, a hospital without latency; compared with the ceiling, which is measured right before.
    Overhead,
    /// 50,000 records that are sent twice; the second time compared with the first.
    Resend,
    /// A batch of 100 records during a stream of 100,000; compared with the batch alone.
    Fairness,
    /// 20 concurrent batches of different sizes.
    #[value(name = "callers-20")]
    Callers20,
    /// One stream of 200,000 records, with --all 1,000,000; its end compared with its start.
    Stream,
    /// A store of 5,000,000 patients; compared with an empty one.
    BigStore,
}

/// The scenarios to run, in order. The ceiling comes right before the scenario that is compared with it.
pub(super) fn chosen(named: &[Scenario], all: bool, plot: bool) -> Vec<Scenario> {
    let wanted = |scenario: &Scenario| match scenario {
        Scenario::Ceiling => {
            all || named.is_empty()
                || named.iter().any(|it| matches!(it, Scenario::Ceiling | Scenario::Overhead))
        }
        Scenario::BigStore => all || named.contains(scenario),
        Scenario::Stream if plot => true,
        _ => all || named.is_empty() || named.contains(scenario),
    };
    Scenario::value_variants().iter().copied().filter(wanted).collect()
}

impl Scenario {
    /// The name on the command line.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Runs it. The caller removes its stores.
    pub(super) async fn run(self, bench: &mut Bench) -> Result<Vec<Measurement>, CommandError> {
        match self {
            Self::Latency50 => latency::run(bench, self, 50).await,
            Self::Latency50x200 => latency::run(bench, self, 200).await,
            Self::Latency50x1000 => latency::run(bench, self, 1_000).await,
            Self::Ceiling => ceiling::run(bench).await,
            Self::Overhead => overhead::overhead(bench).await,
            Self::Resend => overhead::resend(bench).await,
            Self::Fairness => fairness::run(bench).await,
            Self::Callers20 => callers::run(bench).await,
            Self::Stream => stream::run(bench).await,
            Self::BigStore => big_store::run(bench).await,
        }
    }
}

/// A service with an empty store.
async fn service(bench: &mut Bench, latency: Duration, workers: usize) -> Result<Service, CommandError> {
    let store = bench.stores.create().await?;
    let store_process = bench.stores.server_process().await;
    Service::start(ServiceSetting { latency, workers, store, store_process }).await
}

/// Records in unary calls of [`BATCH`], made before the measurement.
fn batches(bench: &Bench, indices: Range<usize>) -> Vec<Vec<PatientData>> {
    let end = indices.end;
    indices.step_by(BATCH).map(|first| bench.records.range(first..end.min(first + BATCH))).collect()
}

/// Sends one call after the other and adds up their counters.
async fn send(client: &mut Client, calls: Vec<Vec<PatientData>>) -> Result<Summary, CommandError> {
    let mut total = Summary::default();
    for data_list in calls {
        let summary = complete_summary(unary::call(client, data_list).await?)?;
        total.received += summary.received;
        total.stored += summary.stored;
        total.unchanged += summary.unchanged;
        total.superseded += summary.superseded;
        total.rejected += summary.rejected;
    }
    Ok(total)
}

/// The counters of a batch without failures. A failed batch is fast, but not a measurement.
fn complete_summary(response: BatchProcessResponse) -> Result<Summary, CommandError> {
    let summary = response.summary.unwrap_or_default();
    match summary.failed + summary.not_attempted {
        0 => Ok(summary),
        lost => Err(format!("{lost} of {} records failed: {}", summary.received, response.message).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overhead_is_never_measured_without_its_ceiling() {
        assert!(chosen(&[Scenario::Overhead], false, false) == [Scenario::Ceiling, Scenario::Overhead]);
        assert!(chosen(&[Scenario::Ceiling], false, false) == [Scenario::Ceiling]);
    }

    #[test]
    fn only_all_fills_a_big_store_unasked() {
        assert!(!chosen(&[], false, false).contains(&Scenario::BigStore));
        assert!(chosen(&[], true, false) == Scenario::value_variants());
    }

    #[test]
    fn a_plot_needs_the_stream() {
        assert!(chosen(&[Scenario::Resend], false, true) == [Scenario::Resend, Scenario::Stream]);
    }
}
