//! Crashes: the process killed in the middle, the database stopped in the middle.

use std::{collections::HashSet, time::Duration};

use dataprocessing::server::pb::{Outcome, data_processing_client::DataProcessingClient};

use crate::support::{
    config_file::config_file,
    eventually,
    postgres::PostgresServer,
    process::{ServiceProcess, binary},
    query::{count, patient_ids},
    records::{many, request},
    service::{TestService, balanced, simulator},
};

#[tokio::test]
async fn after_kill_9_the_same_batch_again_ends_with_every_patient_once() {
    let directory = tempfile::tempdir().unwrap();
    let simulator = simulator(Duration::from_millis(20)).await;
    let config = config_file(directory.path(), &simulator, "");
    let database = format!("sqlite://{}", directory.path().join("test.db").display());
    let mut batch = request(many(3000));
    batch.batch_id = "nightly".to_owned();

    let process = ServiceProcess::start(binary(), &config);
    let mut client = DataProcessingClient::new(process.channel().await);
    let (first, calls) = (batch.clone(), &simulator);
    let call = tokio::spawn(async move { client.batch_process(first).await });
    eventually("the batch is in the middle", async || calls.stats().calls > 1200).await;
    process.signal("KILL");
    assert!(call.await.unwrap().is_err());
    drop(process);
    let before = count(&database, "patients").await;
    assert!((1..3000).contains(&before), "{before} patients were stored before the crash");

    let process = ServiceProcess::start(binary(), &config);
    let mut client = DataProcessingClient::new(process.channel().await).max_decoding_message_size(usize::MAX);
    let response = client.batch_process(batch).await.unwrap().into_inner();
    let summary = balanced(&response);
    assert_eq!(summary.stored + summary.unchanged, 3000);
    assert_eq!(i64::from(summary.unchanged), before);
    assert_eq!(count(&database, "patients").await, 3000);
    assert_eq!(count(&database, "outcomes").await, 3000);
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn a_database_that_goes_and_comes_back_loses_nothing_that_was_reported_stored() {
    let mut server = PostgresServer::start();
    let url = server.url();
    let service = TestService::with(|knobs| {
        knobs.latency = Duration::from_millis(20);
        knobs.config.store.url = url.as_str().into();
    })
    .await;
    let mut client = service.client();
    let call = tokio::spawn(async move { client.batch_process(request(many(4000))).await });
    eventually("the batch is in the middle", async || service.simulator.stats().calls > 1000).await;
    server.stop();
    eventually("the service says that it is not ready", async || service.health("").await == "NOT_SERVING")
        .await;
    assert_eq!(service.health("liveness").await, "SERVING");
    server.restart();
    eventually("the service is ready again", async || service.health("").await == "SERVING").await;

    let response = call.await.unwrap().unwrap().into_inner();
    let summary = balanced(&response);
    assert!(summary.stored > 0, "what came before and after is stored");
    let stored: HashSet<_> = response
        .results
        .iter()
        .filter(|result| result.outcome() == Outcome::Stored)
        .map(|result| format!("p{}", result.index))
        .collect();
    let there = patient_ids(&url).await;
    assert!(stored.is_subset(&there), "{} reported, {} there", stored.len(), there.len());

    let again = balanced(&service.process(request(many(4000))).await.unwrap());
    assert_eq!(again.stored + again.unchanged, 4000);
    service.ended().await;
    server.stop();
}
