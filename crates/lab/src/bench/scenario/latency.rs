//! `latency-50`: how close the service comes to the ideal when the hospital is slow.

use std::time::Duration;

use super::{Bench, CommandError, Measurement, Scenario, batches, send, service};
use crate::bench::{calls::plain_calls, measurement::outcomes_json};

/// The latency of the hospital.
const LATENCY: Duration = Duration::from_millis(50);

/// In the ideal case, as many calls as there are workers are in flight all the time. The floor is the time of plain calls
/// without the service, measured right before on this machine.
pub(super) async fn run(
    bench: &mut Bench,
    scenario: Scenario,
    workers: usize,
) -> Result<Vec<Measurement>, CommandError> {
    let count = bench.count(10_000);
    let ideal = |calls: u64| LATENCY.as_secs_f64() * calls as f64 / workers as f64;
    let usage = plain_calls(count, workers, LATENCY).await?;
    let floor = Measurement::new(format!("{}, floor", scenario.name()), count, usage)
        .with_ratio(usage.time.as_secs_f64() / ideal(count as u64), "time, of the ideal");

    let service = service(bench, LATENCY, workers).await?;
    let mut client = service.client().await?;
    let calls = batches(bench, 0..count);
    let meter = service.meter();
    let summary = send(&mut client, calls).await?;
    let usage = meter.read();
    let verified = service.hospital.counts().await?.calls;
    let measured = Measurement::new(scenario.name(), count, usage)
        .with_ratio(usage.time.as_secs_f64() / ideal(verified), "time, of the ideal")
        .with_detail("verified", verified)
        .with_detail("ideal_seconds", ideal(verified))
        .with_detail("outcomes", outcomes_json(&summary));
    Ok(vec![floor, measured])
}
