//! `overhead` and `resend`: the cost of the service itself, with a hospital that responds at once.

use std::time::Duration;

use super::{Bench, CommandError, Measurement, WORKERS, batches, send, service};
use crate::bench::measurement::outcomes_json;

/// New patients; compared with plain calls without the service.
pub(super) async fn overhead(bench: &mut Bench) -> Result<Vec<Measurement>, CommandError> {
    let count = bench.count(50_000);
    let service = service(bench, Duration::ZERO, WORKERS).await?;
    let mut client = service.client().await?;
    let calls = batches(bench, 0..count);
    let meter = service.meter();
    let summary = send(&mut client, calls).await?;
    let measured =
        Measurement::new("overhead", count, meter.read()).with_detail("outcomes", outcomes_json(&summary));
    let ceiling = bench.ceiling.ok_or("the ceiling was not measured")?;
    let ratio = measured.rate() / ceiling;
    Ok(vec![measured.with_ratio(ratio, "records/s, of the ceiling")])
}

/// The same records twice: the second time nothing is written.
pub(super) async fn resend(bench: &mut Bench) -> Result<Vec<Measurement>, CommandError> {
    let count = bench.count(50_000);
    let service = service(bench, Duration::ZERO, WORKERS).await?;
    let mut client = service.client().await?;
    let (first, again) = (batches(bench, 0..count), batches(bench, 0..count));

    let meter = service.meter();
    let loaded = send(&mut client, first).await?;
    let load = Measurement::new("resend, first load", count, meter.read())
        .with_detail("outcomes", outcomes_json(&loaded));

    let meter = service.meter();
    let resent = send(&mut client, again).await?;
    let again = Measurement::new("resend, again", count, meter.read())
        .with_detail("outcomes", outcomes_json(&resent));
    if (resent.unchanged, resent.rejected) != (loaded.stored, loaded.rejected) {
        return Err(format!("of {} stored records {} were unchanged", loaded.stored, resent.unchanged).into());
    }
    let ratio = again.rate() / load.rate();
    Ok(vec![load, again.with_ratio(ratio, "records/s, of the first load")])
}
