//! `callers-20`: many batches of different sizes at once.

use std::time::Duration;

use tokio::task::JoinSet;

use super::{Bench, CommandError, Measurement, WORKERS, complete_summary, service};
use crate::traffic::unary;

/// Concurrent callers. The batch of the second is twice as large as that of the first, and so on.
const CALLERS: usize = 20;

pub(super) async fn run(bench: &mut Bench) -> Result<Vec<Measurement>, CommandError> {
    const SHARES: usize = CALLERS * (CALLERS + 1) / 2;
    let unit = bench.count(105_000).div_ceil(SHARES);
    let service = service(bench, Duration::ZERO, WORKERS).await?;
    let mut first = 0;
    let mut batches = Vec::with_capacity(CALLERS);
    for share in 1..=CALLERS {
        batches.push((service.client().await?, bench.records.range(first..first + share * unit)));
        first += share * unit;
    }

    let meter = service.meter();
    let mut callers = JoinSet::new();
    for (mut client, records) in batches {
        callers.spawn(async move { complete_summary(unary::call(&mut client, records).await?) });
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    Ok(vec![Measurement::new("callers-20", unit * SHARES, meter.read())])
}
