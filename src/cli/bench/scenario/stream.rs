//! `stream`: a batch that is far larger than the service's memory.

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use super::{Bench, CommandError, Measurement, Service, WORKERS, service, sound};
use crate::{
    cli::{
        bench::{
            course::{Course, Memory},
            measurement::{mebibytes, outcomes},
        },
        load::stream,
    },
    server::pb::StreamProgress,
};

/// Between two looks at the service's memory.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// From how many settled records on memory has to be flat; of a smaller batch, from a quarter of it.
const FLAT_FROM: usize = 50_000;

pub(super) async fn run(bench: &mut Bench) -> Result<Vec<Measurement>, CommandError> {
    let count = bench.count(if bench.full { 1_000_000 } else { 200_000 });
    let service = service(bench, Duration::ZERO, WORKERS).await?;
    let mut client = service.client().await?;
    let (settled, course) = (Cell::new(0), RefCell::new(Course::default()));
    let meter = service.meter();
    let started = Instant::now();
    let watch = |progress: &StreamProgress| {
        settled.set(course.borrow_mut().note(started.elapsed(), progress));
    };
    let report = tokio::select! {
        report = stream::send(&mut client, Arc::clone(&bench.records), 0..count, watch) => report?,
        never = look_at_memory(&service, started, &settled, &course) => match never {},
    };
    let spent = meter.read();
    let summary = sound(report)?;
    let mut course = course.into_inner();
    course.end(spent.time, &summary);
    let resident = service.memory().map(|memory| memory.resident);
    course.memory.extend(resident.map(|resident| Memory { at: spent.time, settled: count, resident }));

    let (first, last) = course.rates();
    let (early, peak) = course.memory_from(FLAT_FROM.min(count / 4));
    let throughput = Measurement::new("stream", count, spent)
        .compared(last / first, "records/s, last fifth of the first")
        .with("records_per_second_first_fifth", first)
        .with("records_per_second_last_fifth", last)
        .with("outcomes", outcomes(&summary));
    let mut measured = vec![throughput];
    if let (Some(early), Some(peak)) = (early, peak) {
        let memory = Measurement::new("stream, memory", count, spent)
            .compared(mebibytes(peak) / mebibytes(early), "peak, of that early in the stream")
            .with("server_early_rss_bytes", early)
            .with("server_later_peak_rss_bytes", peak);
        measured.push(memory);
    }
    bench.course = Some(course);
    Ok(measured)
}

async fn look_at_memory(
    service: &Service,
    started: Instant,
    settled: &Cell<usize>,
    course: &RefCell<Course>,
) -> Infallible {
    loop {
        if let Some(memory) = service.memory() {
            let look = Memory { at: started.elapsed(), settled: settled.get(), resident: memory.resident };
            course.borrow_mut().memory.push(look);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
