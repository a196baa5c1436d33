//! Calls that are refused as a whole: a clear status, and nothing processed.

use std::time::Duration;

use bytes::Bytes;
use dataprocessing::server::pb::BatchProcessRequest;
use prost::Message;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::support::{
    eventually,
    records::{febrl, many, request},
    service::TestService,
    wire,
};

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().expect("every status has an ErrorInfo").reason.clone()
}

fn assert_invalid(status: &Status, why: &str, text: &str) {
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert_eq!(reason(status), why);
    assert!(status.message().contains(text), "{}", status.message());
    assert!(status.get_error_details().bad_request().is_some());
}

#[tokio::test]
async fn limits_of_the_whole_call_are_named() {
    let service = TestService::with(|knobs| {
        knobs.config.server.max_records = 10;
        knobs.config.server.max_message_size = 64 * 1024;
        knobs.config.server.max_record_size = 64 * 1024;
    })
    .await;
    let refused = service.process(request(vec![])).await.err().unwrap();
    assert_invalid(&refused, "EMPTY_BATCH", "at least one record");
    let refused = service.process(request(many(11))).await.err().unwrap();
    assert_invalid(&refused, "TOO_MANY_RECORDS", "server.max_records");
    let refused = service.process(request(vec![febrl(&"x".repeat(70_000), "p")])).await.err().unwrap();
    assert_invalid(&refused, "MESSAGE_TOO_LARGE", "server.max_message_size");
    let refused =
        service.process(BatchProcessRequest { result_view: 9, ..request(many(1)) }).await.err().unwrap();
    assert_invalid(&refused, "UNKNOWN_ENUM_VALUE", "result_view");
    let refused =
        service.process(BatchProcessRequest { language: -1, ..request(many(1)) }).await.err().unwrap();
    assert_invalid(&refused, "UNKNOWN_ENUM_VALUE", "language");
    let batch_id = "b".repeat(129);
    let refused = service.process(BatchProcessRequest { batch_id, ..request(many(1)) }).await.err().unwrap();
    assert_invalid(&refused, "INVALID_BATCH_ID", "128");
    assert_eq!(service.simulator.stats().calls, 0);
    service.ended().await;
}

#[tokio::test]
async fn messages_that_cannot_be_decoded_are_the_callers_fault() {
    let service = TestService::start().await;
    let garbage = Bytes::from_static(&[0x12, 0xff, 0xff, 0xff]);
    let refused = wire::call(&service.channel, garbage, &[]).await.err().unwrap();
    assert_invalid(&refused, "UNREADABLE_MESSAGE", "cannot be decoded");
    // data_list { id: <two bytes that are no UTF-8> }
    let not_utf8 = Bytes::from_static(&[0x12, 0x04, 0x0a, 0x02, 0xc3, 0x28]);
    let refused = wire::call(&service.channel, not_utf8, &[]).await.err().unwrap();
    assert_invalid(&refused, "UNREADABLE_MESSAGE", "UTF-8");
    service.ended().await;
}

#[tokio::test]
async fn a_message_of_nothing_but_empty_records_is_refused_before_it_takes_memory() {
    let service = TestService::start().await;
    // data_list {}: two bytes on the wire, some hundred in memory.
    let hollow = Bytes::from([0x12, 0x00].repeat(4_000_000));
    let refused = wire::call(&service.channel, hollow, &[]).await.err().unwrap();
    assert_invalid(&refused, "MESSAGE_TOO_DENSE", "send fewer per message");
    service.ended().await;
}

#[tokio::test]
async fn a_malformed_timeout_is_refused_and_not_ignored() {
    let service = TestService::start().await;
    let sound = Bytes::from(request(many(1)).encode_to_vec());
    for timeout in ["5", "200000000n", "1.5S", "soon", "-1S"] {
        let refused = wire::call(&service.channel, sound.clone(), &[("grpc-timeout", timeout)]).await;
        assert_invalid(&refused.err().unwrap(), "MALFORMED_TIMEOUT", "grpc-timeout");
    }
    service.ended().await;
}

#[tokio::test]
async fn a_deadline_too_short_to_attempt_anything_says_so() {
    let service = TestService::start().await;
    let mut asked = Request::new(request(many(1)));
    asked.set_timeout(Duration::from_millis(40));
    let refused = service.client().batch_process(asked).await.err().unwrap();
    assert_eq!(refused.code(), Code::DeadlineExceeded, "{refused}");
    assert_eq!(service.simulator.stats().calls, 0);
    service.ended().await;
}

#[tokio::test]
async fn a_batch_without_a_free_place_is_told_when_to_come_back() {
    let service = TestService::with(|knobs| {
        knobs.config.server.max_batches = 1;
        knobs.latency = Duration::from_secs(60);
    })
    .await;
    let mut client = service.client();
    let first = tokio::spawn(async move { client.batch_process(request(many(1))).await });
    eventually("the first batch runs", async || service.simulator.stats().in_flight == 1).await;

    let refused = service.process(request(many(1))).await.err().unwrap();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(reason(&refused), "NO_FREE_PLACE");
    let details = refused.get_error_details();
    assert!(details.retry_info().expect("says when to retry").retry_delay > Some(Duration::ZERO));

    first.abort();
    eventually("the place is free again", async || service.svc.tasks.is_empty()).await;
    let mut asked = Request::new(request(many(1)));
    asked.set_timeout(Duration::from_millis(300));
    assert!(service.client().batch_process(asked).await.is_ok());
    service.ended().await;
}
