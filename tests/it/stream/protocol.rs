//! Callers that break the protocol: a clear status, and what was accepted is settled.

use std::time::Duration;

use dataprocessing::server::pb::{BatchProcessStreamRequest, Completion};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::caller::{Answer, Call, end, records, send, start, start_with, upload};
use crate::support::{
    eventually,
    query::count,
    records::{febrl, many},
    service::{TestService, balanced},
};

fn assert_invalid(answer: &Answer, why: &str) {
    let status: &Status = answer.status.as_ref().expect("a status");
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let details = status.get_error_details();
    assert_eq!(details.error_info().expect("every status has an ErrorInfo").reason, why);
    assert!(details.bad_request().is_some());
    assert!(answer.report.is_none(), "the status stands in the place of the report");
}

#[tokio::test]
async fn a_stream_that_does_not_begin_with_start_is_refused() {
    let service = TestService::with(|knobs| {
        knobs.config.server.stream_idle = Duration::from_millis(200);
    })
    .await;
    assert_invalid(&send(&service, vec![]).await, "START_MISSING");
    assert_invalid(&send(&service, vec![records(many(3)), end(3)]).await, "START_MISSING");
    assert_invalid(&send(&service, vec![end(0)]).await, "START_MISSING");
    assert_invalid(&send(&service, vec![BatchProcessStreamRequest { message: None }]).await, "EMPTY_MESSAGE");
    let silent = futures_util::stream::pending();
    let status = service.client().batch_process_stream(silent).await.err().unwrap();
    assert_invalid(&Answer { status: Some(status), ..Answer::default() }, "START_MISSING");
    assert_invalid(
        &send(&service, vec![start_with(|start| start.result_view = 9)]).await,
        "UNKNOWN_ENUM_VALUE",
    );
    assert_invalid(
        &send(&service, vec![start_with(|start| start.language = -1)]).await,
        "UNKNOWN_ENUM_VALUE",
    );
    let long = |start: &mut dataprocessing::server::pb::StreamStart| start.batch_id = "b".repeat(129);
    assert_invalid(&send(&service, vec![start_with(long)]).await, "INVALID_BATCH_ID");
    assert_eq!(service.simulator.stats().calls, 0);
    assert!(service.svc.tasks.is_empty());
    service.ended().await;
}

#[tokio::test]
async fn what_does_not_belong_there_ends_the_batch_after_settling_what_was_accepted() {
    let service = TestService::start().await;
    let sound = upload(many(200), 50);
    let empty = BatchProcessStreamRequest { message: None };
    let cases = [
        (start(), 2, "START_REPEATED"),
        (empty, 3, "EMPTY_MESSAGE"),
        (records(many(1)), sound.len(), "MESSAGE_AFTER_END"),
        (start(), sound.len(), "MESSAGE_AFTER_END"),
        (end(200), sound.len(), "MESSAGE_AFTER_END"),
    ];
    for (wrong, place, why) in cases {
        let mut messages = sound.clone();
        messages.insert(place, wrong);
        let answer = send(&service, messages).await;
        assert_invalid(&answer, why);
        let accepted = 50 * (place.min(5) - 1);
        assert_eq!(answer.results.len(), accepted, "{why}: every accepted record has its result");
    }
    eventually("all of it is in the books", async || {
        count(&service.database_url, "batches WHERE completion = 'cancelled'").await == 5
            && count(&service.database_url, "outcomes").await == 50 + 100 + 3 * 200
    })
    .await;
    service.ended().await;
}

#[tokio::test]
async fn a_chunk_over_the_limit_is_the_callers_fault() {
    let service = TestService::with(|knobs| {
        knobs.config.server.max_message_size = 64 * 1024;
        knobs.config.server.max_record_size = 64 * 1024;
    })
    .await;
    let mut messages = upload(many(10), 5);
    messages.insert(2, records(vec![febrl(&"x".repeat(70_000), "p")]));
    let answer = send(&service, messages).await;
    assert_invalid(&answer, "MESSAGE_TOO_LARGE");
    assert_eq!(answer.results.len(), 5);
    service.ended().await;
}

#[tokio::test]
async fn an_upload_without_its_end_or_with_another_number_is_cancelled_with_exact_counts() {
    let service = TestService::start().await;
    let sound = upload(many(100), 30);
    let without_end = sound[..sound.len() - 1].to_vec();
    let with_end = |count| [without_end.clone(), vec![end(count)]].concat();
    for messages in [without_end.clone(), with_end(99), with_end(101), with_end(0)] {
        let answer = send(&service, messages).await;
        let report = answer.full_report();
        assert_eq!(report.completion(), Completion::Cancelled);
        assert_eq!(balanced(report).received, 100);
    }
    service.ended().await;
}

#[tokio::test]
async fn a_caller_that_leaves_its_side_open_after_the_end_is_answered_all_the_same() {
    let service = TestService::start().await;
    let call = Call::open(&service, start()).await;
    call.send(records(many(10))).await;
    call.send(end(10)).await;
    let answer = call.read().await;
    assert_eq!(answer.full_report().completion(), Completion::Complete);
    service.ended().await;
}
