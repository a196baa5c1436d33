//! Hospitals that are down, slow, or ask to be spared: what becomes of their records, and of nobody else's.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use cleaning::profile::{Profile, VerdictCacheConfig};
use dataprocessing::server::pb::{BatchProcessResponse, Completion, Outcome, RecordResult};
use hospital_sim::{Phase, RetryAfter};
use tokio::time::Instant;
use tonic::Request;

use crate::support::{
    BUSY_MACHINE, eventually,
    records::{febrl, many, request},
    service::{Knobs, TestService, balanced},
};

const HOSPITAL: &str = "hospital/febrl";
const OUTAGE_PAUSE: Duration = Duration::from_millis(300);

/// A hospital that remembers who asked, and recovers soon.
fn watched(knobs: &mut Knobs) {
    knobs.hospital.track = true;
    knobs.verify(|verify| {
        verify.outage_pause = OUTAGE_PAUSE;
        verify.retry.min_delay = Duration::from_millis(5);
    });
}

fn repeated_calls(service: &TestService) -> u64 {
    service.simulator.stats().repeats.expect("it remembers").repeated_calls
}

fn code(result: &RecordResult) -> &str {
    result.issues.first().map_or("", |issue| &issue.code)
}

/// As many records as `many`, of patients that no other call has.
fn others(name: &str, count: usize) -> Vec<dataprocessing::server::pb::PatientData> {
    (0..count).map(|place| febrl(&format!("r{place}"), &format!("{name}{place}"))).collect()
}

async fn send(service: &TestService, name: &str, count: usize) -> BatchProcessResponse {
    let response = service.process(request(others(name, count))).await.unwrap();
    balanced(&response);
    response
}

#[tokio::test]
async fn a_fault_that_passes_costs_a_retry_and_the_answer_counts_it() {
    let service = TestService::with(|knobs| {
        watched(knobs);
        knobs.hospital.faults = "500=4%".parse().unwrap();
    })
    .await;
    let response = send(&service, "p", 1_000).await;
    let attempts: u32 = response.results.iter().map(|result| result.attempts).sum();
    let calls = service.simulator.stats().calls;
    assert_eq!(u64::from(attempts), calls, "the caller is told of every call");
    let retried = repeated_calls(&service);
    assert!((1..=100).contains(&retried), "{retried} retries of 1,000 first calls");
    let saved = response.results.iter().filter(|result| result.attempts > 1);
    assert!(saved.clone().any(|result| result.outcome() == Outcome::Stored));
    for result in &response.results {
        let asked = service.simulator.calls_of(&format!("p{}", result.index));
        assert_eq!(result.attempts, asked, "record {}", result.index);
    }
    service.ended().await;
}

#[tokio::test]
async fn a_dead_hospital_fails_its_records_fast_and_recovers_by_itself() {
    let service = TestService::with(watched).await;
    service.simulator.set_phase(Phase::Dead);
    let started = Instant::now();
    let response = send(&service, "p", 5_000).await;
    assert!(started.elapsed() < Duration::from_secs(2) + 4 * BUSY_MACHINE, "took {:?}", started.elapsed());
    assert!(response.results.iter().all(|result| result.outcome() == Outcome::Failed && result.retryable));
    assert!(response.results.iter().all(|result| code(result) == "HOSPITAL_UNAVAILABLE"));
    let stats = service.simulator.stats();
    let first_calls = stats.calls - repeated_calls(&service);
    assert!(repeated_calls(&service) * 10 <= first_calls, "{} of {first_calls}", repeated_calls(&service));
    assert!(stats.calls < 500, "{} calls to a dead hospital", stats.calls);
    eventually("it is told of", async || service.health(HOSPITAL).await == "NOT_SERVING").await;
    assert_eq!(service.health("").await, "SERVING");

    // Once it may be tried, the first record finds out and all others wait for it.
    service.simulator.set_phase(Phase::Healthy);
    tokio::time::sleep(OUTAGE_PAUSE).await;
    let response = send(&service, "q", 500).await;
    assert!(response.results.iter().all(|result| result.outcome() == Outcome::Stored));
    eventually("it is told of", async || service.health(HOSPITAL).await == "SERVING").await;
    service.ended().await;
}

#[tokio::test]
async fn a_hospital_that_asks_to_be_left_alone_is_left_alone_by_all_batches() {
    let service = TestService::with(|knobs| {
        watched(knobs);
        knobs.hospital.retry_after = Some(RetryAfter::Seconds(1));
    })
    .await;
    let busy = [others("p", 30), vec![febrl("last", "x-ratelimit")]].concat();
    service.process(request(busy)).await.unwrap();
    let paused_at = Instant::now();
    let response = send(&service, "q", 20).await;
    let waited = paused_at.elapsed();
    assert!(waited > Duration::from_millis(700), "waited {waited:?}");
    assert!(response.results.iter().all(|result| result.outcome() == Outcome::Stored));
    service.ended().await;
}

#[tokio::test]
async fn a_hospital_that_names_a_far_moment_counts_as_not_working_until_then() {
    let service = TestService::with(|knobs| {
        watched(knobs);
        knobs.hospital.retry_after = Some(RetryAfter::Date(3_600));
    })
    .await;
    let response = service.process(request(vec![febrl("a", "x-ratelimit")])).await.unwrap();
    assert_eq!(code(&response.results[0]), "HOSPITAL_UNAVAILABLE");
    let response = send(&service, "q", 100).await;
    assert!(response.results.iter().all(|result| code(result) == "HOSPITAL_UNAVAILABLE"));
    assert_eq!(service.simulator.stats().calls, 1);
    service.ended().await;
}

#[tokio::test]
async fn records_are_no_reason_to_stop_the_calls() {
    let service = TestService::with(watched).await;
    let fates = ["mismatch", "illegal", "notfound", "refused", "status-422", "status-400"];
    let records = (0..120).map(|place| febrl(&format!("r{place}"), &format!("{place}-{}", fates[place % 6])));
    service.process(request(records.collect())).await.unwrap();
    let response = send(&service, "p", 20).await;
    assert!(response.results.iter().all(|result| result.outcome() == Outcome::Stored));
    assert_eq!(service.health(HOSPITAL).await, "SERVING");
    service.ended().await;
}

#[tokio::test]
async fn a_hanging_hospital_holds_its_own_share_of_the_workers_and_no_more() {
    let service = TestService::with(|knobs| {
        knobs.in_flight = 25;
        knobs.latency = Duration::from_millis(5);
        let other = Profile { code: "other".into(), ..Profile::clone(&knobs.profiles["febrl"]) };
        knobs.profiles.insert("other".into(), Arc::new(other));
    })
    .await;
    let alone = many(200);
    let started = Instant::now();
    service.process(request(alone)).await.unwrap();
    let alone = started.elapsed();

    let hanging = (0..200).map(|place| {
        let record = febrl(&format!("h{place}"), &format!("h{place}-hang"));
        dataprocessing::server::pb::PatientData { hospital_code: "other".into(), ..record }
    });
    let mut hanging = Request::new(request(hanging.collect()));
    hanging.set_timeout(Duration::from_secs(3));
    let mut client = service.client();
    let hanging = tokio::spawn(async move { client.batch_process(hanging).await });
    eventually("it hangs", async || service.simulator.stats().in_flight == 25).await;
    let started = Instant::now();
    let response = send(&service, "q", 200).await;
    assert!(response.results.iter().all(|result| result.outcome() == Outcome::Stored));
    assert!(started.elapsed() < 2 * alone + BUSY_MACHINE, "{:?}, alone {alone:?}", started.elapsed());
    let response = hanging.await.unwrap().unwrap().into_inner();
    assert_eq!(response.completion(), Completion::Deadline);
    service.ended().await;
}

#[tokio::test]
async fn kept_verdicts_are_not_asked_for_again() {
    let service = TestService::with(|knobs| {
        watched(knobs);
        knobs.verify(|verify| {
            let max_age = Duration::from_secs(3600);
            verify.verdict_cache = Some(VerdictCacheConfig { max_age, max_verdicts: 1_000 });
        });
    })
    .await;
    for _ in 0..3 {
        let response = send(&service, "p", 100).await;
        assert!(response.results.iter().all(|result| result.outcome() != Outcome::Failed));
    }
    assert_eq!(service.simulator.stats().calls, 100);
    let api = service.svc.hospitals["febrl"].verification.as_ref().unwrap();
    assert_eq!(api.verdict_cache.as_ref().unwrap().hits(), (300, 200));
    service.ended().await;
}

#[tokio::test]
async fn no_more_calls_are_made_in_a_second_than_the_profile_allows() {
    let service =
        TestService::with(|knobs| knobs.verify(|verify| verify.max_per_second = NonZeroU32::new(100))).await;
    let started = Instant::now();
    send(&service, "p", 80).await;
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(700), "80 calls took {took:?}");
    service.ended().await;
}

#[tokio::test]
async fn a_call_that_could_not_end_in_time_is_not_begun() {
    let service = TestService::with(|knobs| {
        watched(knobs);
        knobs.in_flight = 10;
        knobs.latency = Duration::from_millis(400);
    })
    .await;
    // Learns how long a call takes.
    send(&service, "p", 10).await;
    let mut asked = Request::new(request(others("q", 100)));
    asked.set_timeout(Duration::from_millis(1_000));
    let response = service.client().batch_process(asked).await.unwrap().into_inner();
    let summary = balanced(&response);
    assert_eq!(response.completion(), Completion::Deadline);
    assert_eq!(summary.failed, 0, "nothing was begun that could not end");
    assert!(summary.stored >= 10 && summary.not_attempted >= 70, "{} stored", summary.stored);
    service.ended().await;
}

#[tokio::test]
async fn a_record_that_waits_for_its_retry_when_time_is_up_says_what_it_failed_of() {
    let service = TestService::with(|knobs| {
        watched(knobs);
        knobs.verify(|verify| {
            verify.retry.min_delay = Duration::from_secs(10);
            verify.retry.max_delay = Duration::from_secs(10);
        });
    })
    .await;
    send(&service, "p", 100).await;
    let records = [others("q", 20), vec![febrl("busy", "b-status-500")]].concat();
    let sent = tokio::spawn({
        let mut client = service.client();
        async move { client.batch_process(request(records)).await.unwrap().into_inner() }
    });
    eventually("it was asked for", async || service.simulator.calls_of("b-status-500") == 1).await;
    eventually("it waits", async || service.svc.pool.stats().queued == 1).await;
    service.svc.drained.cancel();
    let response = sent.await.unwrap();
    let result = response.results.iter().find(|result| result.id == "busy").unwrap();
    assert_eq!((result.outcome(), result.attempts), (Outcome::Failed, 1));
    assert_eq!(code(result), "HOSPITAL_UNAVAILABLE");
    service.ended().await;
}
