//! Admission: what the process cannot bear or could not do in time is refused, with what the caller needs to know.

use std::time::Duration;

use dataprocessing::server::pb::{BatchProcessRequest, BatchProcessResponse};
use tokio::task::JoinHandle;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::support::{
    eventually,
    records::{febrl, many, request},
    service::TestService,
};

/// A batch of so many records that hang until the deadline.
fn hanging(
    service: &TestService,
    count: usize,
) -> JoinHandle<Result<Response<BatchProcessResponse>, Status>> {
    let records = (0..count).map(|place| febrl(&format!("h{place}"), &format!("h{place}-hang")));
    let mut hanging = Request::new(request(records.collect()));
    hanging.set_timeout(Duration::from_secs(2));
    let mut client = service.client();
    tokio::spawn(async move { client.batch_process(hanging).await })
}

/// What a refusal says: its reason, and the rest.
fn refusal(refused: &Status, code: Code) -> (String, ErrorDetails) {
    assert_eq!(refused.code(), code, "{}", refused.message());
    let details = refused.get_error_details();
    (details.error_info().expect("every status has an ErrorInfo").reason.clone(), details)
}

async fn exhausted(service: &TestService, batch: BatchProcessRequest) -> String {
    let refused = service.process(batch).await.err().unwrap();
    let (reason, details) = refusal(&refused, Code::ResourceExhausted);
    let retry_delay = details.retry_info().expect("says when to try again").retry_delay.unwrap();
    assert!((Duration::from_millis(100)..=Duration::from_secs(60)).contains(&retry_delay));
    reason
}

#[tokio::test]
async fn records_in_flight_are_bounded_over_all_batches() {
    let service = TestService::with(|knobs| {
        knobs.config.server.max_records_in_flight = 100;
        knobs.config.server.stream_window = 50;
    })
    .await;
    let hanging = hanging(&service, 40);
    eventually("it hangs", async || service.simulator.stats().in_flight == 40).await;
    assert_eq!(exhausted(&service, request(many(61))).await, "TOO_MANY_RECORDS_IN_FLIGHT");
    service.process(request(many(60))).await.expect("there is room for as many");
    hanging.await.unwrap().unwrap();
    service.process(request(many(100))).await.expect("there is room again");
    service.ended().await;
}

#[tokio::test]
async fn bytes_in_flight_are_bounded_over_all_batches() {
    let service = TestService::with(|knobs| knobs.config.server.max_bytes_in_flight = 40_000).await;
    let hanging = hanging(&service, 100);
    eventually("it hangs", async || service.simulator.stats().in_flight == 50).await;
    assert_eq!(exhausted(&service, request(many(100))).await, "TOO_MANY_BYTES_IN_FLIGHT");
    service.process(request(many(10))).await.expect("there is room for a small one");
    hanging.await.unwrap().unwrap();
    service.process(request(many(100))).await.expect("there is room again");
    service.ended().await;
}

#[tokio::test]
async fn a_batch_of_which_nothing_could_be_done_in_time_is_refused_with_the_time_needed() {
    let service = TestService::with(|knobs| knobs.latency = Duration::from_millis(600)).await;
    service.process(request(many(10))).await.unwrap();
    let calls = service.simulator.stats().calls;
    let mut late = Request::new(request(many(20)));
    late.set_timeout(Duration::from_millis(400));
    let refused = service.client().batch_process(late).await.err().unwrap();
    let (reason, details) = refusal(&refused, Code::DeadlineExceeded);
    assert_eq!(reason, "NO_TIME_LEFT");
    let needed: u64 = details.error_info().unwrap().metadata["needed_ms"].parse().unwrap();
    assert!((600..2_000).contains(&needed), "{needed} ms");
    assert_eq!(service.simulator.stats().calls, calls, "no hospital was called");

    let mut in_time = Request::new(request(many(10)));
    in_time.set_timeout(Duration::from_millis(needed + 500));
    service.client().batch_process(in_time).await.expect("the time that was named is enough");
    service.ended().await;
}
