//! Crashes: the process killed in the middle, the database stopped in the middle.

use std::{collections::HashSet, time::Duration};

use dataprocessing::server::pb::{
    BatchProcessRequest, BatchProcessResponse, Outcome, batch_process_stream_response::Message,
    data_processing_client::DataProcessingClient,
};
use futures_util::stream;
use tonic::{Status, transport::Channel};

use crate::{
    stream::caller,
    support::{
        config_file::config_file_on,
        database::TestDatabase,
        eventually,
        postgres::PostgresServer,
        process::{ServiceProcess, binary},
        query::{count, patient_ids},
        records::{many, request},
        service::{TestService, balanced, simulator},
    },
};

/// Kills the process again and again in the middle of one batch, each time a little later, and looks at the books
/// after each: nothing that was stored is lost, and the last sending ends with every record once.
async fn killed_again_and_again(database: &TestDatabase, streamed: bool) {
    const RECORDS: usize = 2000;
    const CYCLES: u64 = 5;
    let directory = tempfile::tempdir().unwrap();
    let simulator = simulator(Duration::from_millis(20)).await;
    let url = database.url();
    let config = config_file_on(directory.path(), &simulator, url, "");
    let stored = "SELECT record_id FROM outcomes WHERE outcome = 'stored'";
    let mut before = HashSet::new();
    for cycle in 1..=CYCLES {
        let process = ServiceProcess::start(binary(), &config);
        let client = DataProcessingClient::new(process.channel().await);
        let calls = simulator.stats().calls;
        let sending = tokio::spawn(send(client, streamed));
        eventually("the batch goes on", async || simulator.stats().calls > calls + 60 * cycle).await;
        if cycle == CYCLES {
            eventually("something is stored", async || !database.column(stored).await.is_empty()).await;
        }
        process.signal("KILL");
        assert!(sending.await.unwrap().is_err(), "the process is gone");
        drop(process);
        let now: HashSet<String> = database.column(stored).await.into_iter().collect();
        assert!(before.is_subset(&now), "cycle {cycle}: something stored is missing");
        let patients = patient_ids(url).await;
        assert!(now.iter().all(|id| patients.contains(&id.replace('r', "p"))), "a patient is missing");
        assert_eq!(now.len(), patients.len(), "outcomes are written with their patients");
        before = now;
    }
    assert!((1..RECORDS).contains(&before.len()), "{} were stored before the last sending", before.len());

    let process = ServiceProcess::start(binary(), &config);
    let calls = simulator.stats().calls;
    for _ in 0..2 {
        let client = DataProcessingClient::new(process.channel().await);
        let report = send(client, streamed).await.expect("nobody kills the process any more");
        assert_eq!(balanced(&report).stored as usize, RECORDS, "what was committed is answered as it was");
    }
    assert_eq!(simulator.stats().calls - calls, (RECORDS - before.len()) as u64, "no record is done twice");
    for table in ["patients", "outcomes WHERE outcome = 'stored'"] {
        assert_eq!(count(url, table).await, RECORDS as i64, "{table}");
    }
    let counters = "batches WHERE stored = 2000 AND received = 2000 AND completion = 'complete'";
    assert_eq!(count(url, counters).await, 1, "the counters are those of the rows");
    drop(process);
    simulator.stop().await.unwrap();
}

/// Sends the batch, whole or as a stream, and answers its report.
async fn send(
    mut client: DataProcessingClient<Channel>,
    streamed: bool,
) -> Result<BatchProcessResponse, Status> {
    if !streamed {
        let batch = BatchProcessRequest {
            batch_id: "nightly".to_owned(),
            data_list: many(2000),
            ..Default::default()
        };
        return client.batch_process(batch).await.map(tonic::Response::into_inner);
    }
    let mut messages = caller::upload(many(2000), 100);
    messages[0] = caller::start_with(|start| start.batch_id = "nightly".to_owned());
    let mut down = client.batch_process_stream(stream::iter(messages)).await?.into_inner();
    loop {
        match down.message().await?.and_then(|message| message.message) {
            Some(Message::Report(report)) => return Ok(report),
            Some(_) => {}
            None => return Err(Status::unknown("the stream ended without a report")),
        }
    }
}

#[tokio::test]
async fn a_batch_that_is_killed_again_and_again_ends_with_every_record_once_in_sqlite() {
    killed_again_and_again(&TestDatabase::sqlite(), false).await;
}

#[tokio::test]
async fn a_batch_that_is_killed_again_and_again_ends_with_every_record_once_in_postgres() {
    killed_again_and_again(&TestDatabase::postgres().await, false).await;
}

#[tokio::test]
async fn a_stream_that_is_killed_again_and_again_ends_with_every_record_once() {
    killed_again_and_again(&TestDatabase::sqlite(), true).await;
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
