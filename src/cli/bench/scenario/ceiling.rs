//! `ceiling`: how many calls a second a hospital that answers at once gets out of this machine, without the
//! service. Nothing that calls it with the same HTTP library can be faster.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use tokio::{task::JoinSet, time::Instant};

use super::{Bench, CommandError, Measurement, WORKERS};
use crate::cli::bench::{
    hospital::{Hospital, client},
    service::Spent,
};

/// What the service posts for a usual synthetic person.
const IDENTITY: &str = r#"{"hospitalCode":"febrl","patientId":"1-rec-1070-org","name":"michaela neumann","birthDate":"1915-11-11","identifiers":[{"type":"99","value":"5304218"}]}"#;

pub(super) async fn run(bench: &mut Bench) -> Result<Vec<Measurement>, CommandError> {
    let count = bench.count(50_000);
    let directory = tempfile::tempdir()?;
    let hospital = Hospital::start(Duration::ZERO, directory.path()).await?;
    let started = Instant::now();
    call(&hospital, count).await?;
    // The CPU time would be this process's own, not that of a service.
    let spent = Spent { time: started.elapsed(), server_cpu: None, store_cpu: None, peak: None };
    let measured = Measurement::new("ceiling", count, spent);
    bench.ceiling = Some(measured.rate());
    Ok(vec![measured])
}

/// Makes so many calls, as many in flight as the service has workers.
async fn call(hospital: &Hospital, count: usize) -> Result<(), CommandError> {
    let (client, url) = (client(WORKERS)?, reqwest::Url::parse(&hospital.verify_url())?);
    let made = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..WORKERS {
        let (client, url, made) = (client.clone(), url.clone(), Arc::clone(&made));
        callers.spawn(async move {
            while made.fetch_add(1, Ordering::Relaxed) < count {
                let request = client
                    .post(url.clone())
                    .header(CONTENT_TYPE, "application/json")
                    .header(ACCEPT, "application/json")
                    .header(USER_AGENT, "dataprocessing")
                    .header("x-timeout-ms", 5_000)
                    .body(IDENTITY);
                request.send().await?.error_for_status()?.bytes().await?;
            }
            Ok::<(), reqwest::Error>(())
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    Ok(())
}
