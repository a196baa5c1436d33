//! `fairness`: the time of a small batch while a large one runs.

use std::{ops::Range, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Bench, CommandError, Measurement, Service, WORKERS, complete_summary, service};
use crate::{
    bench::service::Usage,
    traffic::{connect::Client, stream, unary},
};

/// The latency of the hospital.
const LATENCY: Duration = Duration::from_millis(50);
/// Records of the small batch.
const SMALL: usize = 100;
/// Number of small batches; the median of their times is measured.
const TIMES: usize = 7;
const POLL_INTERVAL: Duration = Duration::from_millis(10);

pub(super) async fn run(bench: &mut Bench) -> Result<Vec<Measurement>, CommandError> {
    let large = 0..bench.count(100_000);
    let service = service(bench, LATENCY, WORKERS).await?;
    let mut client = service.client().await?;
    // The first calls open the connections to the hospital.
    small_batches(bench, &mut client, large.end, 1).await?;
    let alone = small_batches(bench, &mut client, large.end + SMALL, TIMES).await?;
    let measuring = async {
        all_workers_busy(&service).await?;
        small_batches(bench, &mut client, large.end + (TIMES + 1) * SMALL, TIMES).await
    };
    let beside = tokio::select! {
        measured = measuring => measured?,
        // Dropped once the small batches have ended.
        ended = large_batch(bench, &service, large.clone()) => {
            ended?;
            return Err("the large batch ended before the small ones: give it more records".into());
        }
    };
    let measured = |name, time| {
        Measurement::new(name, SMALL, Usage { time, server_cpu: None, store_cpu: None, peak: None })
    };
    let ratio = beside.as_secs_f64() / alone.as_secs_f64();
    Ok(vec![
        measured("fairness, alone", alone),
        measured("fairness, beside a stream", beside).with_ratio(ratio, "time, of the time alone"),
    ])
}

async fn large_batch(bench: &Bench, service: &Service, indices: Range<usize>) -> Result<(), CommandError> {
    let mut client = service.client().await?;
    complete_summary(stream::send(&mut client, Arc::clone(&bench.records), indices, |_| {}).await?).map(drop)
}

async fn all_workers_busy(service: &Service) -> Result<(), CommandError> {
    while service.hospital.counts().await?.in_flight < WORKERS as u64 {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Ok(())
}

/// Sends small batches of new patients one after the other; returns the median of their times.
async fn small_batches(
    bench: &Bench,
    client: &mut Client,
    first: usize,
    times: usize,
) -> Result<Duration, CommandError> {
    let mut taken = Vec::with_capacity(times);
    for first in (first..).step_by(SMALL).take(times) {
        let records = bench.records.range(first..first + SMALL);
        let started = Instant::now();
        complete_summary(unary::call(client, records).await?)?;
        taken.push(started.elapsed());
    }
    taken.sort_unstable();
    Ok(taken[times / 2])
}
