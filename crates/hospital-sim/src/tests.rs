//! The simulator over real connections, with a client of a few lines: the service's own must not be used here.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::{JoinSet, yield_now},
    time::timeout,
};

use super::*;

mod faults;
mod phases;

const AGES: Duration = Duration::from_secs(3600);

async fn start(latency: Duration) -> Simulator {
    start_with(SimulatorConfig { latency, ..SimulatorConfig::default() }).await
}

async fn start_with(config: SimulatorConfig) -> Simulator {
    Simulator::start(config).await.unwrap()
}

/// Sends a whole request, after whose answer the simulator closes.
async fn send(address: SocketAddr, method: &str, path: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Everything up to the close: the status, and what follows the head.
async fn receive(stream: TcpStream) -> (u16, String) {
    let (head, body) = receive_all(stream).await;
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
}

/// Everything up to the close: the head, and what follows it.
async fn receive_all(mut stream: TcpStream) -> (String, String) {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole head");
    (head.to_owned(), body.to_owned())
}

/// What arrives before the connection is reset.
async fn received_before_the_reset(mut stream: TcpStream) -> String {
    let mut received = Vec::new();
    let error = stream.read_to_end(&mut received).await.expect_err("the connection is reset");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    String::from_utf8(received).unwrap()
}

/// A header of the answer about a patient.
async fn header(address: SocketAddr, patient_id: &str, name: &str) -> Option<String> {
    let (head, _) = receive_all(begin_verify(address, patient_id).await).await;
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
}

/// What a vendor answers.
async fn said(address: SocketAddr, path: &str, patient_id: &str) -> (u16, Value) {
    let identity = json!({"patientId": patient_id}).to_string();
    let (status, body) = receive(send(address, "POST", path, &identity).await).await;
    (status, serde_json::from_str(&body).unwrap())
}

async fn begin_verify(address: SocketAddr, patient_id: &str) -> TcpStream {
    send(address, "POST", "/verify", &json!({"patientId": patient_id}).to_string()).await
}

async fn verify(address: SocketAddr, patient_id: &str) -> (u16, String) {
    receive(begin_verify(address, patient_id).await).await
}

fn counts(simulator: &Simulator) -> [u64; 3] {
    let Stats { calls, in_flight, max_in_flight, .. } = simulator.stats();
    [calls, in_flight, max_in_flight]
}

/// Waits until the counts are as `reached` wants them; the test fails if that takes too long.
async fn until(simulator: &Simulator, reached: impl Fn(Stats) -> bool) {
    let counting = async {
        while !reached(simulator.stats()) {
            yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), counting).await.expect("the count is reached");
}

#[tokio::test]
async fn all_four_verdicts_can_be_had_on_purpose() {
    let simulator = start(Duration::ZERO).await;
    let cases = [
        ("42", "match"),
        ("42-mismatch", "mismatch"),
        ("42-notfound", "not_found"),
        ("42-illegal", "illegal"),
    ];
    for (patient_id, result) in cases {
        let (status, body) = verify(simulator.local_addr(), patient_id).await;
        assert_eq!(status, 200);
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), json!({"result": result}));
    }
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn vendors_say_the_same_in_codes_of_their_own() {
    let simulator = start(Duration::ZERO).await;
    let cases = [
        ("/vendor/tencent", "/Response/Result", "42", json!("0")),
        ("/vendor/tencent", "/Response/Result", "42-mismatch", json!("-1")),
        ("/vendor/tencent", "/Response/Result", "42-illegal", json!("-2")),
        ("/vendor/tencent", "/Response/Result", "42-busy", json!("-4")),
        ("/vendor/tencent", "/Response/Result", "42-notfound", json!("-5")),
        ("/vendor/tencent", "/Response/Error/Code", "42-refused", json!("AuthFailure.SignatureFailure")),
        ("/vendor/aliyun", "/ResultObject/BizCode", "42", json!("1")),
        ("/vendor/aliyun", "/ResultObject/BizCode", "42-mismatch", json!("2")),
        ("/vendor/aliyun", "/ResultObject/BizCode", "42-notfound", json!("3")),
        ("/vendor/aliyun", "/Code", "42", json!("200")),
        ("/vendor/aliyun", "/Code", "42-illegal", json!("401")),
        ("/vendor/aliyun", "/Code", "42-busy", json!("402")),
        ("/vendor/aliyun", "/Code", "42-refused", json!("411")),
        ("/vendor/checkup", "/data/result", "42", json!(0)),
        ("/vendor/checkup", "/data/result", "42-mismatch", json!(-1)),
        ("/vendor/checkup", "/data/result", "42-notfound", json!(-5)),
        ("/vendor/checkup", "/data/result", "42-illegal", json!(-2)),
        ("/vendor/checkup", "/code", "42", json!(1)),
        ("/vendor/checkup", "/code", "42-busy", json!(0)),
        ("/vendor/checkup", "/code", "42-refused", json!(0)),
    ];
    for (path, pointer, patient_id, code) in cases {
        let (status, body) = said(simulator.local_addr(), path, patient_id).await;
        assert_eq!(status, 200);
        assert_eq!(body.pointer(pointer), Some(&code), "{path} {patient_id}");
    }
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn without_a_vendor_a_failure_of_the_call_is_a_status() {
    let simulator = start(Duration::ZERO).await;
    for (patient_id, expected) in [("42-busy", 503), ("42-refused", 404)] {
        assert_eq!(said(simulator.local_addr(), "/verify", patient_id).await.0, expected);
    }
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn a_status_comes_without_a_verdict() {
    let simulator = start(Duration::ZERO).await;
    for code in [400, 404, 429, 503] {
        let (status, body) = verify(simulator.local_addr(), &format!("42-status-{code}")).await;
        assert_eq!(status, code);
        assert!(!body.contains("result"));
    }
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn answers_can_be_garbage_huge_or_cut() {
    let simulator = start(Duration::ZERO).await;
    let address = simulator.local_addr();

    let (status, body) = verify(address, "42-garbage").await;
    assert_eq!(status, 200);
    assert!(serde_json::from_str::<Value>(&body).is_err());

    let (status, body) = verify(address, "42-huge").await;
    assert_eq!((status, body.len()), (200, 1024 * 1024));
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["result"], "match");

    let (status, body) = verify(address, "42-cut").await;
    assert_eq!(status, 200);
    assert!(body.contains("result") && !body.ends_with("0\r\n\r\n"), "a chunked body without its end");
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_no_identity_is_a_bad_request() {
    let simulator = start(Duration::ZERO).await;
    for body in ["", "[]", r#"{"name":"nobody"}"#] {
        assert_eq!(receive(send(simulator.local_addr(), "POST", "/verify", body).await).await.0, 400);
    }
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn a_call_has_stopped_counting_when_its_answer_arrives() {
    let simulator = start(Duration::ZERO).await;
    for calls in 1..=50 {
        verify(simulator.local_addr(), "42").await;
        assert_eq!(counts(&simulator), [calls, 0, 1]);
    }
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn stats_are_served_and_do_not_count_themselves() {
    let simulator = start(Duration::ZERO).await;
    let address = simulator.local_addr();
    verify(address, "42").await;
    let hanging = begin_verify(address, "42-hang").await;
    until(&simulator, |stats| stats.in_flight == 1).await;

    let (status, body) = receive(send(address, "GET", "/stats", "").await).await;
    assert_eq!(status, 200);
    let stats: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(stats, json!({"calls": 2, "in_flight": 1, "max_in_flight": 1, "answers": {"200": 1}}));
    drop(hanging);
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn tracking_shows_who_was_asked_about_again_until_a_reset() {
    let simulator = start_with(SimulatorConfig { track: true, ..SimulatorConfig::default() }).await;
    let address = simulator.local_addr();
    for patient_id in ["42", "43-status-503", "42", "42"] {
        verify(address, patient_id).await;
    }
    assert_eq!(["42", "43-status-503", "43"].map(|patient| simulator.calls_of(patient)), [3, 1, 0]);
    let (_, body) = receive(send(address, "GET", "/stats", "").await).await;
    let mut stats: Value = serde_json::from_str(&body).unwrap();
    let spacing = stats["spacing_ms"].take();
    assert!(spacing["min"].as_f64() > Some(0.0) && spacing["min"].as_f64() <= spacing["mean"].as_f64());
    let by_second = stats["calls_per_second"].take();
    assert_eq!(by_second.as_array().unwrap().iter().map(|calls| calls.as_u64().unwrap()).sum::<u64>(), 4);
    let expected = json!({
        "calls": 4, "in_flight": 0, "max_in_flight": 1, "answers": {"200": 3, "503": 1},
        "patients": 2, "repeated_calls": 2, "forgotten_calls": 0, "spacing_ms": null, "calls_per_second": null,
    });
    assert_eq!(stats, expected);

    assert_eq!(receive(send(address, "DELETE", "/stats", "").await).await.0, 204);
    assert_eq!((simulator.stats().calls, simulator.calls_of("42")), (0, 0));
    assert_eq!(simulator.stats().repeats.unwrap().patients, 0);
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn the_most_in_flight_is_the_number_of_calls_that_wait_together() {
    let simulator = start(Duration::ZERO).await;
    let mut hanging = Vec::new();
    for _ in 0..20 {
        hanging.push(begin_verify(simulator.local_addr(), "42-hang").await);
    }
    until(&simulator, |stats| stats.in_flight == 20).await;
    drop(hanging);
    until(&simulator, |stats| stats.in_flight == 0).await;
    assert_eq!(counts(&simulator), [20, 0, 20]);
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn a_call_whose_caller_hangs_up_in_its_latency_stops_counting() {
    let simulator = start(AGES).await;
    let waiting = begin_verify(simulator.local_addr(), "42").await;
    until(&simulator, |stats| stats.in_flight == 1).await;
    drop(waiting);
    until(&simulator, |stats| stats.in_flight == 0).await;
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn the_latency_comes_before_the_answer() {
    let latency = Duration::from_millis(60);
    let simulator = start(latency).await;
    let started = tokio::time::Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..10 {
        let address = simulator.local_addr();
        calls.spawn(async move { verify(address, "42").await.0 });
    }
    assert_eq!(calls.join_all().await, [200; 10]);
    assert!(started.elapsed() >= latency);
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn stopping_waits_for_no_peer() {
    let simulator = start(AGES).await;
    let address = simulator.local_addr();
    let silent = TcpStream::connect(address).await.unwrap();
    let mut half_a_head = TcpStream::connect(address).await.unwrap();
    half_a_head.write_all(b"POST /verify HTTP/1.1\r\nhost:").await.unwrap();
    let mut half_a_body = TcpStream::connect(address).await.unwrap();
    half_a_body.write_all(b"POST /verify HTTP/1.1\r\nhost: sim\r\ncontent-length: 9\r\n\r\n{").await.unwrap();
    let waiting = begin_verify(address, "42").await;
    until(&simulator, |stats| stats.in_flight == 1).await;

    simulator.stop().await.unwrap();
    for mut stream in [silent, half_a_head, half_a_body, waiting] {
        // Either end of a cut connection: closed, or reset because something was left unread.
        assert!(matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_)));
    }
}

#[tokio::test]
async fn dropping_a_simulator_stops_it() {
    let simulator = start(Duration::ZERO).await;
    let mut idle = TcpStream::connect(simulator.local_addr()).await.unwrap();
    drop(simulator);
    assert!(matches!(idle.read(&mut [0; 1]).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let simulator = start(Duration::ZERO).await;
    let config = SimulatorConfig { listen: simulator.local_addr(), ..SimulatorConfig::default() };
    assert_eq!(Simulator::start(config).await.err().unwrap().kind(), io::ErrorKind::AddrInUse);
    simulator.stop().await.unwrap();
}
