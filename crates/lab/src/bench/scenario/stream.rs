//! `stream`: a batch that is far larger than the memory of the service.

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use dataprocessing::server::pb::StreamProgress;
use tokio::time::Instant;

use super::{Bench, CommandError, Measurement, Service, WORKERS, complete_summary, service};
use crate::{
    bench::{
        measurement::{mebibytes, outcomes_json},
        timeline::{MemorySample, StreamTimeline},
    },
    traffic::{outcomes, stream},
};

/// The time between two samples of the memory of the service.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// Memory has to be flat once this many records have settled; in a smaller stream, once a quarter has.
const FLAT_FROM: usize = 50_000;

pub(super) async fn run(bench: &mut Bench) -> Result<Vec<Measurement>, CommandError> {
    let count = bench.count(if bench.full { 1_000_000 } else { 200_000 });
    let service = service(bench, Duration::ZERO, WORKERS).await?;
    let mut client = service.client().await?;
    let (settled, timeline) = (Cell::new(0), RefCell::new(StreamTimeline::default()));
    let meter = service.meter();
    let started = Instant::now();
    let watch = |progress: &StreamProgress| {
        settled.set(timeline.borrow_mut().record(started.elapsed(), outcomes::of_progress(progress)));
    };
    let report = tokio::select! {
        report = stream::send(&mut client, Arc::clone(&bench.records), 0..count, watch) => report?,
        never = sample_memory(&service, started, &settled, &timeline) => match never {},
    };
    let usage = meter.read();
    let summary = complete_summary(report)?;
    let mut timeline = timeline.into_inner();
    timeline.record(usage.time, outcomes::of_summary(&summary));
    let resident = service.memory().map(|memory| memory.resident);
    timeline.memory.extend(resident.map(|resident| MemorySample {
        at: usage.time,
        settled: count,
        resident,
    }));

    let (first, last) = timeline.rates();
    let (early, peak) = timeline.memory_from(FLAT_FROM.min(count / 4));
    let throughput = Measurement::new("stream", count, usage)
        .with_ratio(last / first, "records/s, last fifth of the first")
        .with_detail("records_per_second_first_fifth", first)
        .with_detail("records_per_second_last_fifth", last)
        .with_detail("outcomes", outcomes_json(&summary));
    let mut measured = vec![throughput];
    if let (Some(early), Some(peak)) = (early, peak) {
        let memory = Measurement::new("stream, memory", count, usage)
            .with_ratio(mebibytes(peak) / mebibytes(early), "peak, of that early in the stream")
            .with_detail("server_early_rss_bytes", early)
            .with_detail("server_later_peak_rss_bytes", peak);
        measured.push(memory);
    }
    bench.timeline = Some(timeline);
    Ok(measured)
}

async fn sample_memory(
    service: &Service,
    started: Instant,
    settled: &Cell<usize>,
    timeline: &RefCell<StreamTimeline>,
) -> Infallible {
    loop {
        if let Some(memory) = service.memory() {
            let sample =
                MemorySample { at: started.elapsed(), settled: settled.get(), resident: memory.resident };
            timeline.borrow_mut().memory.push(sample);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
