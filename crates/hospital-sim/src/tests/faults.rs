//! Faults as they meet a caller.

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

use super::*;

#[tokio::test]
async fn answers_can_call_themselves_text_or_be_half_a_verdict() {
    let simulator = start(Duration::ZERO).await;
    let address = simulator.local_addr();
    assert_eq!(header(address, "42-wrongtype", "content-type").await.unwrap(), "text/plain");
    assert_eq!(verify(address, "42-wrongtype").await, (200, r#"{"result":"match"}"#.to_owned()));
    assert_eq!(header(address, "42-badjson", "content-type").await.unwrap(), "application/json");
    assert_eq!(header(address, "42-badjson", "content-length").await.unwrap(), "9");
    assert_eq!(verify(address, "42-badjson").await, (200, r#"{"result""#.to_owned()));
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn a_connection_can_be_reset_in_the_body_or_before_any_answer() {
    let simulator = start(Duration::ZERO).await;
    let address = simulator.local_addr();
    let received = received_before_the_reset(begin_verify(address, "42-reset").await).await;
    assert!(received.starts_with("HTTP/1.1 200") && received.contains(r#"{"result""#), "{received}");
    assert_eq!(received_before_the_reset(begin_verify(address, "42-dead").await).await, "");
    until(&simulator, |stats| stats.in_flight == 0).await;
    assert_eq!(verify(address, "42").await.0, 200, "another connection lives");
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn a_body_can_drip() {
    let drip = Duration::from_millis(5);
    let simulator = start_with(SimulatorConfig { drip, ..SimulatorConfig::default() }).await;
    let started = tokio::time::Instant::now();
    let (status, chunks) = verify(simulator.local_addr(), "42-drip").await;
    let verdict = r#"{"result":"match"}"#;
    assert!(started.elapsed() >= drip * verdict.len() as u32);
    let bytes: String = verdict.chars().map(|byte| format!("1\r\n{byte}\r\n")).collect();
    assert_eq!((status, chunks), (200, format!("{bytes}0\r\n\r\n")));
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn a_slow_answer_is_late_and_right() {
    let slow = Duration::from_millis(60);
    let simulator = start_with(SimulatorConfig { slow: Some(slow), ..SimulatorConfig::default() }).await;
    let started = tokio::time::Instant::now();
    assert_eq!(verify(simulator.local_addr(), "42-slow").await, (200, r#"{"result":"match"}"#.to_owned()));
    simulator.set_phase(Phase::Slow);
    assert!(verify(simulator.local_addr(), "42-mismatch").await.1.contains("mismatch"));
    assert!(started.elapsed() >= slow * 2);
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn rate_limits_say_in_both_forms_when_to_come_again() {
    let simulator = start(Duration::ZERO).await;
    let address = simulator.local_addr();
    assert_eq!(verify(address, "42-ratelimit").await.0, 429);
    assert_eq!(header(address, "42-ratelimit", "retry-after").await.unwrap(), "1");
    assert_eq!(verify(address, "42-ratelimitdate").await.0, 429);
    let before = Timestamp::now();
    let date = header(address, "42-ratelimitdate", "retry-after").await.unwrap();
    let wait = rfc2822::parse(&date).unwrap().timestamp().duration_since(before);
    assert!(wait >= SignedDuration::from_secs(1) && date.ends_with(" GMT"), "{date}");
    for plain in ["42-status-429", "42-busy", "42"] {
        assert_eq!(header(address, plain, "retry-after").await, None, "{plain}");
    }
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn every_429_and_503_says_when_to_come_again_if_it_is_told_to() {
    let config = SimulatorConfig { retry_after: Some(RetryAfter::Seconds(7)), ..SimulatorConfig::default() };
    let simulator = start_with(config).await;
    let address = simulator.local_addr();
    for told in ["42-status-429", "42-status-503", "42-busy", "42-ratelimit"] {
        assert_eq!(header(address, told, "retry-after").await.as_deref(), Some("7"), "{told}");
    }
    assert!(header(address, "42-ratelimitdate", "retry-after").await.unwrap().ends_with(" GMT"));
    for other in ["42-status-500", "42"] {
        assert_eq!(header(address, other, "retry-after").await, None, "{other}");
    }
    simulator.stop().await.unwrap();
}

/// What 200 patients meet who are asked about together, each twice in a row.
async fn fates(seed: u64) -> Vec<[u16; 2]> {
    let faults = "503=30%, /verify:429=20%, /vendor/aliyun:500=50%".parse().unwrap();
    let simulator = start_with(SimulatorConfig { faults, seed, ..SimulatorConfig::default() }).await;
    let address = simulator.local_addr();
    let mut calls = JoinSet::new();
    for patient in 0..200 {
        let patient_id = format!("rec-{patient}");
        calls.spawn(async move {
            (patient, [verify(address, &patient_id).await.0, verify(address, &patient_id).await.0])
        });
    }
    let mut fates = calls.join_all().await;
    fates.sort_unstable();
    simulator.stop().await.unwrap();
    fates.into_iter().map(|(_, fate)| fate).collect()
}

#[tokio::test]
async fn faults_by_rate_are_the_same_in_every_run_of_a_seed() {
    let first = fates(7).await;
    assert_eq!(first, fates(7).await);
    assert_ne!(first, fates(8).await);
    let count = |status| first.iter().flatten().filter(|fate| **fate == status).count();
    assert!((80..160).contains(&count(503)) && (50..110).contains(&count(429)), "{first:?}");
    assert_eq!(count(200) + count(429) + count(503), 400);
    assert!(first.iter().any(|[fate, retried]| *fate != 200 && *retried == 200), "a retry may succeed");
}

#[tokio::test]
async fn what_a_number_asks_for_comes_before_chance() {
    let faults = "503=100%".parse().unwrap();
    let simulator = start_with(SimulatorConfig { faults, ..SimulatorConfig::default() }).await;
    let address = simulator.local_addr();
    let expected = [("42", 503), ("42-mismatch", 503), ("42-garbage", 200), ("42-status-404", 404)];
    for (patient_id, status) in expected {
        assert_eq!(verify(address, patient_id).await.0, status, "{patient_id}");
    }
    simulator.stop().await.unwrap();
}
