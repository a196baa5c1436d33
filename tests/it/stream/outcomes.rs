//! What becomes of the records of a stream.

use std::{sync::Arc, time::Duration};

use cleaning::profile::Profile;
use dataprocessing::server::pb::{
    BatchProcessResponse, Completion, Outcome, PatientData, RecordResult, ResultView,
    batch_process_stream_request as up,
};

use super::caller::{self, Answer, end, records, send, start, start_with, upload};
use crate::support::{
    query::count,
    records::{febrl, many, raw_json, request},
    service::{Knobs, TestService, balanced},
};

/// Records of every fate, each patient once: only there may a stream end a record otherwise.
fn mixed() -> Vec<PatientData> {
    let fates = ["", "-mismatch", "-illegal", "-notfound", "-status-503", "-status-404", "-garbage"];
    let mut all: Vec<_> = (0..140)
        .map(|place| febrl(&format!("r{place}"), &format!("p{place}{}", fates[place % fates.len()])))
        .collect();
    all.extend([
        febrl("r1", "twice"),
        febrl("", "p"),
        febrl(&"x".repeat(129), "p"),
        raw_json("u1", "nowhere", "{}"),
        raw_json("u2", "nowhere", "{}"),
        raw_json("b", "febrl", "no json"),
        raw_json("l", "febrl", format!("{{\"surname\":\"{}\"}}", "x".repeat(70_000))),
        PatientData { payload: None, ..febrl("none", "p") },
        raw_json("d", "febrl", r#"{"rec_id":"pd","surname":"berry","date_of_birth":"19991332"}"#),
    ]);
    all
}

/// Leaves out the slowest part, where the number of records is the point.
fn ask_no_hospital(knobs: &mut Knobs) {
    for profile in knobs.profiles.values_mut() {
        *profile = Arc::new(Profile { verify: None, ..Profile::clone(profile) });
    }
}

/// Makes no call twice: whether one may be depends on how others ended before, and so on time.
fn ask_once(knobs: &mut Knobs) {
    knobs.verify(|verify| verify.retry.attempts = 1);
}

/// What can be compared of results; they have no `Debug`.
fn comparable(results: &[RecordResult]) -> Vec<String> {
    let mut results: Vec<_> = results.iter().collect();
    results.sort_by_key(|result| result.index);
    let line = |result: &&RecordResult| {
        let issues: Vec<_> = result.issues.iter().map(|issue| (&issue.code, &issue.field)).collect();
        format!(
            "{} {} {:?} {} {} {issues:?}",
            result.index,
            result.id,
            result.outcome(),
            result.retryable,
            result.attempts
        )
    };
    results.iter().map(line).collect()
}

/// What can be compared of a response.
fn sums(response: &BatchProcessResponse) -> String {
    let mut summary = balanced(response);
    summary.times = None;
    format!("{:?} {summary:?} {:?}", response.completion(), response.profile_versions)
}

#[tokio::test]
async fn the_outcomes_are_those_of_a_whole_batch() {
    let (whole, streamed) = (TestService::with(ask_once).await, TestService::with(ask_once).await);
    let expected = whole.process(request(mixed())).await.unwrap();
    let answer = send(&streamed, upload(mixed(), 7)).await;
    assert_eq!(comparable(&answer.results), comparable(&expected.results));
    assert_eq!(sums(answer.full_report()), sums(&expected));
    for table in ["patients", "outcomes", "rejects", "batches"] {
        let there = count(&streamed.database_url, table).await;
        assert_eq!(there, count(&whole.database_url, table).await, "{table}");
    }
    whole.ended().await;
    streamed.ended().await;
}

#[tokio::test]
async fn many_records_pass_a_small_window() {
    let service = TestService::with(|knobs| {
        ask_no_hospital(knobs);
        knobs.config.server.stream_window = 100;
    })
    .await;
    let answer = send(&service, upload(many(20_000), 500)).await;
    let report = answer.full_report();
    assert_eq!(report.completion(), Completion::Complete);
    assert_eq!(balanced(report).stored, 20_000);
    assert_eq!(count(&service.database_url, "patients").await, 20_000);
    assert_eq!(count(&service.database_url, "outcomes").await, 20_000);
    service.ended().await;
}

#[tokio::test]
async fn tiny_chunks_and_empty_ones_are_as_good_as_large_ones() {
    let service = TestService::with(ask_no_hospital).await;
    let mut messages = vec![start_with(|start| start.validate_only = true)];
    for record in many(20_000) {
        messages.extend([records(vec![record]), records(Vec::new())]);
    }
    messages.push(end(20_000));
    let answer = send(&service, messages).await;
    assert_eq!(balanced(answer.full_report()).valid, 20_000);
    service.ended().await;
}

#[tokio::test]
async fn a_stream_without_records_is_complete() {
    let service = TestService::start().await;
    let answer = send(&service, vec![start(), end(0)]).await;
    let report = answer.full_report();
    assert_eq!((report.completion(), balanced(report).received), (Completion::Complete, 0));
    service.ended().await;
}

#[tokio::test]
async fn a_window_of_one_is_slow_and_right() {
    let service = TestService::with(|knobs| knobs.config.server.stream_window = 1).await;
    let answer = send(&service, upload(many(20), 20)).await;
    assert_eq!(balanced(answer.full_report()).stored, 20);
    assert_eq!(service.simulator.stats().max_in_flight, 1);
    service.ended().await;
}

#[tokio::test]
async fn a_stream_that_is_only_validated_stores_nothing() {
    let service = TestService::start().await;
    let mut messages = upload(many(20), 5);
    messages[0] = start_with(|start| start.validate_only = true);
    let answer = send(&service, messages).await;
    assert_eq!(balanced(answer.full_report()).valid, 20);
    for table in ["patients", "outcomes", "batches"] {
        assert_eq!(count(&service.database_url, table).await, 0, "{table}");
    }
    service.ended().await;
}

#[tokio::test]
async fn the_view_decides_which_results_come_down() {
    let service = TestService::with(|knobs| knobs.config.server.stream_window = 10).await;
    let mut data_list = many(50);
    data_list.push(raw_json("bad", "nowhere", "{}"));
    for (view, listed) in [(ResultView::All, 51), (ResultView::Failures, 1), (ResultView::Summary, 0)] {
        let mut messages = upload(data_list.clone(), 10);
        messages[0] = start_with(|start| start.result_view = view as i32);
        let answer = send(&service, messages).await;
        assert_eq!(answer.results.len(), listed, "{view:?}");
        assert_eq!(balanced(answer.report()).received, 51);
    }
    service.ended().await;
}

#[tokio::test]
async fn a_result_of_a_stream_is_final() {
    let service = TestService::with(|knobs| knobs.config.server.stream_window = 1).await;
    let answer = send(&service, upload(vec![febrl("a", "p"), febrl("b", "p")], 2)).await;
    let outcomes: Vec<_> = answer.results.iter().map(RecordResult::outcome).collect();
    assert_eq!(outcomes, [Outcome::Stored, Outcome::Stored], "the first had gone out as stored");
    let summary = balanced(answer.full_report());
    assert_eq!((summary.stored, summary.superseded), (2, 0));
    assert_eq!(count(&service.database_url, "patients").await, 1);
    service.ended().await;
}

#[tokio::test]
async fn progress_is_told_while_the_upload_runs() {
    let service = TestService::with(|knobs| knobs.latency = Duration::from_millis(50)).await;
    let answer = send(&service, upload(many(2000), 100)).await;
    assert_eq!(balanced(answer.full_report()).stored, 2000);
    assert!(!answer.progress.is_empty(), "two seconds have some progress");
    let mut settled_before = 0;
    for progress in &answer.progress {
        let settled: u32 = progress.outcomes.iter().map(|outcome| outcome.count).sum();
        assert!(settled <= progress.received && settled >= settled_before);
        assert!(progress.outcomes.iter().all(|outcome| outcome.outcome() != Outcome::Unspecified));
        assert_eq!(settled > 0, progress.time_left.is_some());
        settled_before = settled;
    }
    service.ended().await;
}

#[tokio::test]
async fn results_come_down_while_the_upload_runs() {
    let service = TestService::start().await;
    let call = caller::Call::open(&service, start()).await;
    call.send(records(many(3))).await;
    let (call, results) = call.next_results(3).await;
    assert_eq!(results.len(), 3);
    call.send(caller::message(up::Message::Records(Default::default()))).await;
    call.send(end(3)).await;
    let answer: Answer = call.finish().await;
    assert_eq!(balanced(answer.report()).stored, 3);
    service.ended().await;
}
