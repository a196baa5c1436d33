//! Plain calls of the hospital, without the service: nothing that calls it with the same HTTP library is faster.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use dataprocessing::cli::CommandError;
use reqwest::{
    Url,
    header::{ACCEPT, CONTENT_TYPE, USER_AGENT},
};
use tokio::{task::JoinSet, time::Instant};

use super::{
    hospital::{Hospital, client},
    service::Usage,
};

/// What the service posts for a usual synthetic person.
const IDENTITY: &str = r#"{"hospitalCode":"febrl","patientId":"1-rec-1070-org","name":"michaela neumann","birthDate":"1915-11-11","identifiers":[{"type":"99","value":"5304218"}]}"#;

/// Makes so many calls to a hospital of their own, so many of them in flight.
pub(super) async fn plain_calls(
    count: usize,
    in_flight: usize,
    latency: Duration,
) -> Result<Usage, CommandError> {
    let directory = tempfile::tempdir()?;
    let hospital = Hospital::start(latency, directory.path()).await?;
    let started = Instant::now();
    call(&hospital, count, in_flight).await?;
    // The CPU time would be this process's own, not that of a service.
    Ok(Usage { time: started.elapsed(), server_cpu: None, store_cpu: None, peak: None })
}

async fn call(hospital: &Hospital, count: usize, in_flight: usize) -> Result<(), CommandError> {
    let (client, url) = (client(in_flight)?, Url::parse(&hospital.verify_url())?);
    let made = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..in_flight {
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
