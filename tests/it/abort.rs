//! Batches of which too much is rejected stop, where the caller asks for it.

use std::time::Duration;

use dataprocessing::server::pb::{BatchProcessRequest, BatchProcessResponse, Completion, PatientData};
use tonic::Code;

use crate::{
    stream::caller::{send, start_with, upload},
    support::{
        records::{febrl, raw_json, request},
        service::{TestService, balanced},
    },
};

/// Records of which every `bad`th is rejected by the local rules.
fn partly_bad(count: usize, bad: usize) -> Vec<PatientData> {
    let record = |place: usize| match place % bad {
        0 => raw_json(&format!("r{place}"), "febrl", "no json"),
        _ => febrl(&format!("r{place}"), &format!("p{place}")),
    };
    (0..count).map(record).collect()
}

async fn slow() -> TestService {
    TestService::with(|knobs| knobs.latency = Duration::from_millis(20)).await
}

async fn process(service: &TestService, bad: usize, max_reject_ratio: Option<f64>) -> BatchProcessResponse {
    let asked = BatchProcessRequest { max_reject_ratio, ..request(partly_bad(4_000, bad)) };
    service.process(asked).await.unwrap()
}

#[tokio::test]
async fn a_batch_of_garbage_is_stopped_and_says_what_was_not_attempted() {
    let service = slow().await;
    let response = process(&service, 2, Some(0.3)).await;
    let summary = balanced(&response);
    assert_eq!(response.completion(), Completion::Aborted);
    assert_eq!(summary.received, 4_000);
    assert!(summary.rejected >= 50 && summary.not_attempted > 1_000, "{} rejected", summary.rejected);
    assert_eq!(summary.failed, 0, "what had started has ended by itself");
    assert!(service.simulator.stats().calls < 1_000);
    service.ended().await;
}

#[tokio::test]
async fn a_batch_within_its_limit_or_without_one_is_not() {
    let service = slow().await;
    for (bad, max_reject_ratio) in [(5, Some(0.25)), (2, None), (2, Some(1.0))] {
        let response = process(&service, bad, max_reject_ratio).await;
        assert_eq!(response.completion(), Completion::Complete);
        assert_eq!(balanced(&response).not_attempted, 0);
    }
    service.ended().await;
}

#[tokio::test]
async fn what_the_hospital_rejects_counts_too() {
    let service = slow().await;
    let all = (0..2_000).map(|place| febrl(&format!("r{place}"), &format!("p{place}-mismatch"))).collect();
    let asked = BatchProcessRequest { max_reject_ratio: Some(0.1), min_sample: 20, ..request(all) };
    let response = service.process(asked).await.unwrap();
    assert_eq!(response.completion(), Completion::Aborted);
    assert!(balanced(&response).not_attempted > 500);
    service.ended().await;
}

#[tokio::test]
async fn a_stream_of_garbage_is_not_read_to_its_end() {
    let service = slow().await;
    let mut messages = upload(partly_bad(20_000, 2), 100);
    messages[0] = start_with(|start| start.max_reject_ratio = Some(0.3));
    let answer = send(&service, messages).await;
    let report = answer.full_report();
    assert_eq!(report.completion(), Completion::Aborted);
    assert!(balanced(report).received < 20_000);
    service.ended().await;
}

#[tokio::test]
async fn a_ratio_that_is_none_is_refused() {
    let service = TestService::start().await;
    for ratio in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let asked = BatchProcessRequest { max_reject_ratio: Some(ratio), ..request(partly_bad(2, 2)) };
        let refused = service.process(asked).await.err().unwrap();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().contains("max_reject_ratio"), "{}", refused.message());
    }
    service.ended().await;
}
