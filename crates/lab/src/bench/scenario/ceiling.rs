//! `ceiling`: the calls per second of this machine without the service, to a hospital that responds at once.

use std::time::Duration;

use super::{Bench, CommandError, Measurement, WORKERS};
use crate::bench::calls::plain_calls;

pub(super) async fn run(bench: &mut Bench) -> Result<Vec<Measurement>, CommandError> {
    let count = bench.count(50_000);
    let usage = plain_calls(count, WORKERS, Duration::ZERO).await?;
    let measured = Measurement::new("ceiling", count, usage);
    bench.ceiling = Some(measured.rate());
    Ok(vec![measured])
}
