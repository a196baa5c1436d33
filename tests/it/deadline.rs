//! Deadlines and cancellation: an answer in time with every record in it, and nothing left running.

use std::time::Duration;

use dataprocessing::server::pb::{Completion, Outcome};
use tonic::Request;

use crate::support::{
    eventually,
    query::count,
    records::{many, request},
    service::{TestService, balanced},
};

#[tokio::test]
async fn a_batch_longer_than_its_deadline_answers_in_time_with_what_it_has() {
    let service = TestService::with(|knobs| knobs.latency = Duration::from_millis(50)).await;
    let timeout = Duration::from_secs(1);
    let mut asked = Request::new(request(many(2000)));
    asked.set_timeout(timeout);
    // The client gives up at its deadline, so an answer is one in time.
    let response = service.client().batch_process(asked).await.unwrap().into_inner();
    let summary = balanced(&response);
    assert_eq!(response.completion(), Completion::Deadline);
    assert_eq!(summary.received, 2000);
    assert!(summary.stored > 0);
    let most = 50 * 20;
    assert!(summary.stored + summary.failed <= most + 50, "50 workers make no more calls of 50 ms in 1 s");
    assert!(summary.failed <= 50, "no more than the workers hold can be cut");
    assert_eq!(count(&service.database_url, "patients").await, i64::from(summary.stored));
    let left = response.results.iter().filter(|result| result.outcome() == Outcome::NotAttempted);
    assert!(left.into_iter().all(|result| result.retryable));
    eventually("the books hold every record", async || {
        count(&service.database_url, "outcomes").await == 2000
    })
    .await;
    service.ended().await;
}

#[tokio::test]
async fn calls_that_hang_are_cut_before_the_deadline() {
    let service = TestService::with(|knobs| knobs.latency = Duration::from_secs(60)).await;
    let mut asked = Request::new(request(many(60)));
    asked.set_timeout(Duration::from_millis(500));
    let response = service.client().batch_process(asked).await.unwrap().into_inner();
    let summary = balanced(&response);
    assert_eq!(response.completion(), Completion::Deadline);
    assert_eq!((summary.failed, summary.not_attempted), (50, 10));
    let cut = response.results.iter().find(|result| result.outcome() == Outcome::Failed).unwrap();
    assert_eq!(cut.issues[0].code, "DEADLINE_EXCEEDED");
    assert!(cut.retryable);
    service.ended().await;
}

#[tokio::test]
async fn the_servers_own_limit_holds_where_the_caller_sets_none() {
    let service = TestService::with(|knobs| {
        knobs.latency = Duration::from_millis(50);
        knobs.config.server.timeout = Duration::from_secs(1);
    })
    .await;
    let response = service.process(request(many(2000))).await.unwrap();
    assert_eq!(response.completion(), Completion::Deadline);
    balanced(&response);
    service.ended().await;
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_task_and_no_call_behind() {
    let service = TestService::with(|knobs| knobs.latency = Duration::from_millis(50)).await;
    let mut client = service.client();
    let call = tokio::spawn(async move { client.batch_process(request(many(5000))).await });
    eventually("the batch is in the middle", async || service.simulator.stats().calls > 200).await;
    call.abort();
    eventually("nothing of the batch is left", async || {
        service.svc.tasks.is_empty()
            && service.svc.pool.stats().running == 0
            && service.simulator.stats().in_flight == 0
    })
    .await;
    assert_eq!(count(&service.database_url, "outcomes").await, 5000);
    service.ended().await;
}
