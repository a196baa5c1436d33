//! Plain calls to the hospital without the service: the upper limit for any client with the same HTTP library.

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
    hospital::{HospitalProcess, client},
    service::Usage,
};

/// A request body as the service posts it for a synthetic person.
const IDENTITY: &str = r#"{"hospitalCode":"febrl","patientId":"1-rec-1070-org","name":"michaela neumann","birthDate":"1915-11-11","identifiers":[{"type":"99","value":"5304218"}]}"#;

/// Starts a hospital and makes `count` calls to it, `in_flight` of them at once.
pub(super) async fn plain_calls(
    count: usize,
    in_flight: usize,
    latency: Duration,
) -> Result<Usage, CommandError> {
    let directory = tempfile::tempdir()?;
    let hospital = HospitalProcess::start(latency, directory.path()).await?;
    let started = Instant::now();
    call(&hospital, count, in_flight).await?;
    // CPU time would be that of this process, not of a service.
    Ok(Usage { time: started.elapsed(), server_cpu: None, store_cpu: None, peak: None })
}

async fn call(hospital: &HospitalProcess, count: usize, in_flight: usize) -> Result<(), CommandError> {
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
