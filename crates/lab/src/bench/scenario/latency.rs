//! `latency-50`: how near the service comes to the ideal when the hospital is slow.

use std::time::Duration;

use super::{Bench, CommandError, Measurement, Scenario, batches, send, service};
use crate::bench::{calls::plain_calls, measurement::outcomes_json};

/// How long the hospital takes.
const LATENCY: Duration = Duration::from_millis(50);

/// The ideal is that all calls that the hospital takes at once are in flight all the time. The floor is how near plain
/// calls come to it on this machine, right before and without the service.
pub(super) async fn run(
    bench: &mut Bench,
    scenario: Scenario,
    workers: usize,
) -> Result<Vec<Measurement>, CommandError> {
    let count = bench.count(10_000);
    let ideal = |calls: u64| LATENCY.as_secs_f64() * calls as f64 / workers as f64;
    let usage = plain_calls(count, workers, LATENCY).await?;
    let floor = Measurement::new(format!("{}, floor", scenario.name()), count, usage)
        .compared(usage.time.as_secs_f64() / ideal(count as u64), "time, of the ideal");

    let service = service(bench, LATENCY, workers).await?;
    let mut client = service.client().await?;
    let calls = batches(bench, 0..count);
    let meter = service.meter();
    let summary = send(&mut client, calls).await?;
    let usage = meter.read();
    let verified = service.hospital.counts().await?.calls;
    let measured = Measurement::new(scenario.name(), count, usage)
        .compared(usage.time.as_secs_f64() / ideal(verified), "time, of the ideal")
        .with("verified", verified)
        .with("ideal_seconds", ideal(verified))
        .with("outcomes", outcomes_json(&summary));
    Ok(vec![floor, measured])
}
