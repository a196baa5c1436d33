//! The end of the process: batches end with an answer, within the limit, whoever else is connected.

use std::{io::Write, net::TcpStream, time::Duration};

use dataprocessing::server::pb::{Completion, data_processing_client::DataProcessingClient};
use tokio::time::Instant;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::support::{
    eventually,
    process::{ServiceProcess, binary},
    records::{many, request},
    service::{TestService, balanced},
};

#[tokio::test]
async fn a_batch_longer_than_the_drain_limit_ends_as_drained() {
    let service = TestService::with(|knobs| {
        // The whole batch would take 60 rounds of 50 calls, 12 s.
        knobs.latency = Duration::from_millis(200);
        knobs.config.server.drain.limit = Duration::from_secs(1);
    })
    .await;
    let mut client = service.client();
    let call = tokio::spawn(async move { client.batch_process(request(many(3000))).await });
    eventually("the batch is in the middle", async || service.simulator.stats().calls > 100).await;
    let asked = Instant::now();
    service.shut_down();
    let response = call.await.unwrap().unwrap().into_inner();
    assert_eq!(response.completion(), Completion::Drained);
    let summary = balanced(&response);
    assert!(summary.stored > 0 && summary.not_attempted > 0);
    service.ended().await;
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_batch_shorter_than_the_drain_limit_ends_by_itself() {
    let service = TestService::with(|knobs| knobs.latency = Duration::from_millis(50)).await;
    let mut client = service.client();
    let call = tokio::spawn(async move { client.batch_process(request(many(500))).await });
    eventually("the batch runs", async || service.simulator.stats().calls > 50).await;
    service.shut_down();
    let response = call.await.unwrap().unwrap().into_inner();
    assert_eq!(response.completion(), Completion::Complete);
    assert_eq!(balanced(&response).stored, 500);
    service.ended().await;
}

#[tokio::test]
async fn while_it_announces_the_end_the_service_is_not_ready_and_still_takes_batches() {
    let service =
        TestService::with(|knobs| knobs.config.server.drain.announce = Duration::from_secs(3)).await;
    service.shut_down();
    eventually("it is not ready", async || service.health("").await == "NOT_SERVING").await;
    assert_eq!(service.health("liveness").await, "SERVING");
    assert!(service.process(request(many(1))).await.is_ok());
    service.ended().await;
}

#[tokio::test]
async fn a_draining_service_refuses_new_batches() {
    let service = TestService::with(|knobs| knobs.latency = Duration::from_secs(60)).await;
    let mut client = service.client();
    let held = tokio::spawn(async move { client.batch_process(request(many(1))).await });
    eventually("a batch holds the process", async || service.simulator.stats().in_flight == 1).await;
    service.shut_down();
    eventually("new batches are refused", async || {
        let mut asked = tonic::Request::new(request(many(1)));
        asked.set_timeout(Duration::from_millis(200));
        let refused = service.client().batch_process(asked).await;
        refused.err().is_some_and(|status| status.code() == Code::Unavailable)
    })
    .await;
    held.abort();
    service.ended().await;
}

#[tokio::test]
async fn the_real_process_ends_in_time_with_an_idle_peer_and_an_open_watch() {
    let directory = tempfile::tempdir().unwrap();
    let simulator = crate::support::service::simulator(Duration::from_millis(50)).await;
    let config = crate::support::config_file::config_file(
        directory.path(),
        &simulator,
        "server: {drain: {limit: 3s}}",
    );
    let process = ServiceProcess::start(binary(), &config);
    let channel = process.channel().await;
    let mut idle = TcpStream::connect(process.address).unwrap();
    idle.write_all(b"PRI * HT").unwrap();
    let mut watch =
        HealthClient::new(channel.clone()).watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    let mut client = DataProcessingClient::new(channel).max_decoding_message_size(usize::MAX);
    let call = tokio::spawn(async move { client.batch_process(request(many(10_000))).await });
    eventually("the batch is in the middle", async || simulator.stats().calls > 500).await;

    let asked = Instant::now();
    process.signal("TERM");
    let response = call.await.unwrap().unwrap().into_inner();
    assert_eq!(response.completion(), Completion::Drained);
    let summary = balanced(&response);
    assert_eq!(summary.received, 10_000);
    // The whole batch would take 200 rounds of 50 calls, 10 s.
    let status = process.ended_within(Duration::from_secs(8)).await;
    assert!(status.success(), "{status}");
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    let mut last = None;
    while let Ok(Some(message)) = watch.message().await {
        last = Some(message.status().as_str_name().to_owned());
    }
    assert_eq!(last.as_deref(), Some("NOT_SERVING"), "the watch was told");
    simulator.stop().await.unwrap();
}
