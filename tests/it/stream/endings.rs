//! What ends a streamed batch before it ends by itself.

use std::time::Duration;

use dataprocessing::server::pb::{Completion, Outcome};
use tokio::time::Instant;

use super::caller::{Call, end, records, send, start, upload};
use crate::support::{
    eventually,
    query::count,
    records::{febrl, many},
    service::{TestService, balanced},
    within,
};

#[tokio::test]
async fn the_servers_own_limit_ends_a_stream_in_time_with_what_it_has() {
    let service = TestService::with(|knobs| {
        // The whole batch would take 80 rounds of 50 calls, 8 s.
        knobs.latency = Duration::from_millis(100);
        knobs.config.server.stream_timeout = Duration::from_secs(2);
        knobs.config.server.stream_window = 700;
    })
    .await;
    let messages = upload(many(4000), 100);
    let sent = Instant::now();
    let answer = send(&service, messages).await;
    assert!(sent.elapsed() < Duration::from_secs(6), "{:?}", sent.elapsed());
    let report = answer.full_report();
    assert_eq!(report.completion(), Completion::Deadline);
    let summary = balanced(report);
    assert!(summary.stored > 0 && summary.not_attempted > 0, "{} stored", summary.stored);
    eventually("the books hold every record", async || {
        count(&service.database_url, "outcomes").await == i64::from(summary.received)
    })
    .await;
    service.ended().await;
}

#[tokio::test]
async fn the_limit_of_whole_batches_does_not_hold_for_streams() {
    let service = TestService::with(|knobs| {
        knobs.latency = Duration::from_millis(50);
        knobs.config.server.timeout = Duration::from_millis(300);
    })
    .await;
    let answer = send(&service, upload(many(500), 100)).await;
    assert_eq!(answer.full_report().completion(), Completion::Complete);
    service.ended().await;
}

#[tokio::test]
async fn the_callers_deadline_holds_where_it_is_earlier() {
    let service = TestService::with(|knobs| knobs.latency = Duration::from_millis(50)).await;
    let timeout = Duration::from_millis(700);
    let sent = Instant::now();
    let call = Call::open_on(service.client(), start(), timeout).await;
    call.send(records(many(1000))).await;
    // Its side stays open: the deadline comes while the server waits for more.
    let answer = call.read().await;
    assert!(sent.elapsed() < timeout + Duration::from_secs(5), "{:?}", sent.elapsed());
    assert_eq!(answer.full_report().completion(), Completion::Deadline);
    service.ended().await;
}

#[tokio::test]
async fn a_deadline_with_nothing_left_to_do_is_no_completion_of_an_upload_that_still_runs() {
    let service = TestService::start().await;
    let call = Call::open_on(service.client(), start(), Duration::from_millis(700)).await;
    call.send(records(many(10))).await;
    let answer = call.read().await;
    let report = answer.full_report();
    assert_eq!((report.completion(), balanced(report).stored), (Completion::Deadline, 10));
    service.ended().await;
}

#[tokio::test]
async fn a_silent_caller_is_cut_and_its_records_are_settled() {
    let service = TestService::with(|knobs| {
        knobs.config.server.stream_idle = Duration::from_millis(300);
    })
    .await;
    let call = Call::open(&service, start()).await;
    call.send(records(many(10))).await;
    let answer = call.read().await;
    let report = answer.full_report();
    assert_eq!((report.completion(), balanced(report).stored), (Completion::Cancelled, 10));
    service.ended().await;
}

#[tokio::test]
async fn waiting_for_a_full_window_is_not_the_callers_silence() {
    let service = TestService::with(|knobs| {
        knobs.latency = Duration::from_millis(400);
        knobs.config.server.stream_idle = Duration::from_millis(150);
        knobs.config.server.stream_window = 5;
    })
    .await;
    let answer = send(&service, upload(many(10), 10)).await;
    assert_eq!(answer.full_report().completion(), Completion::Complete);
    service.ended().await;
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_task_and_no_call_behind() {
    let service = TestService::with(|knobs| knobs.latency = Duration::from_millis(50)).await;
    let call = Call::open(&service, start()).await;
    call.send(records(many(5000))).await;
    eventually("the batch is in the middle", async || service.simulator.stats().calls > 200).await;
    drop(call);
    within(Duration::from_millis(1000), "nothing of the batch is left", async || {
        service.svc.tasks.is_empty()
            && service.svc.pool.stats().running == 0
            && service.simulator.stats().in_flight == 0
    })
    .await;
    let received = count(&service.database_url, "outcomes").await;
    assert!((200..5000).contains(&received), "{received}");
    let settled = "(SELECT 1 FROM batches WHERE completion = 'cancelled')";
    assert_eq!(count(&service.database_url, settled).await, 1);
    service.ended().await;
}

#[tokio::test]
async fn a_stream_longer_than_the_drain_limit_ends_as_drained() {
    let service = TestService::with(|knobs| {
        // The whole batch would take 60 rounds of 50 calls, 12 s.
        knobs.latency = Duration::from_millis(200);
        knobs.config.server.drain.limit = Duration::from_secs(1);
        knobs.config.server.stream_window = 300;
    })
    .await;
    let call = Call::open(&service, start()).await;
    call.send(records(many(3000))).await;
    eventually("the batch is in the middle", async || service.simulator.stats().calls > 100).await;
    let asked = Instant::now();
    service.shut_down();
    let answer = call.read().await;
    let report = answer.full_report();
    assert_eq!(report.completion(), Completion::Drained);
    assert!(balanced(report).stored > 0 && balanced(report).not_attempted > 0);
    service.ended().await;
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_hospital_that_hangs_costs_its_own_records() {
    let service = TestService::with(|knobs| {
        knobs.config.server.stream_timeout = Duration::from_secs(2);
    })
    .await;
    let data_list = (0..60).map(|place| {
        let fate = if place % 20 == 0 { "-hang" } else { "" };
        febrl(&format!("r{place}"), &format!("p{place}{fate}"))
    });
    let answer = send(&service, upload(data_list.collect(), 10)).await;
    let report = answer.full_report();
    assert_eq!(report.completion(), Completion::Deadline);
    assert_eq!((balanced(report).stored, balanced(report).failed), (57, 3));
    let cut = answer.results.iter().find(|result| result.outcome() == Outcome::Failed).unwrap();
    assert_eq!(cut.issues[0].code, "DEADLINE_EXCEEDED");
    service.ended().await;
}

#[tokio::test]
async fn a_stream_takes_one_of_the_places_for_batches() {
    let service = TestService::with(|knobs| knobs.config.server.max_batches = 1).await;
    let call = Call::open(&service, start()).await;
    let refused = send(&service, vec![start(), end(0)]).await.status.expect("a status");
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
    call.send(end(0)).await;
    assert_eq!(call.finish().await.report().completion(), Completion::Complete);
    eventually("the place is free again", async || service.svc.tasks.is_empty()).await;
    assert_eq!(send(&service, vec![start(), end(0)]).await.report().completion(), Completion::Complete);
    service.ended().await;
}
